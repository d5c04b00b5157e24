import picocolors from 'picocolors';
import type { Failure } from './errors.js';
import type { Report } from './report.js';
import { at, count, differenceLines, list, RUN, table, time } from './wording.js';

/** What a command that has an answer says, for people. */
export function asText(
  { command, outcome, known, milliseconds }: Report,
  hasColor: boolean,
): string {
  const color = picocolors.createColors(hasColor);
  const {
    database,
    migrations = [],
    applied = [],
    reverted = [],
    warnings = [],
    version = null,
    pending = [],
    output,
  } = known;
  if (output !== undefined) return outputText(command, output);
  const lines = [];
  if (database !== undefined) {
    const { name, host, port, serverVersion } = database;
    lines.push(color.dim(`database ${name} at ${host}:${port}, PostgreSQL ${serverVersion}`));
  }
  const rows = [
    ...migrations.map(({ name, appliedOn }) =>
      appliedOn === null
        ? [color.yellow('pending'), name, '']
        : [color.green('applied'), name, appliedOn.slice(0, 19)],
    ),
    ...reverted.map(({ name, milliseconds: spent }) => ['-', name, time(spent)]),
    ...applied.map(({ name, milliseconds: spent }) => ['+', name, time(spent)]),
  ];
  if (rows.length > 0) lines.push(table(rows));
  if (warnings.length > 0)
    lines.push(
      `${color.yellow('warning:')} not expected, and left as it is:\n${differenceLines(warnings)}`,
    );
  const summary = [
    ...(reverted.length > 0 ? [`reverted ${count(reverted.length, 'migration')}`] : []),
    ...(applied.length > 0 ? [`applied ${count(applied.length, 'migration')}`] : []),
    ...(outcome === 'nothing-to-do' ? ['nothing to do'] : []),
    `the schema is as expected ${at(version)}`,
    ...(pending.length > 0 && command !== 'down' ? [`${pending.length} pending`] : []),
  ];
  if (outcome !== 'differs')
    lines.push(`${color.green('ok')}  ${summary.join('; ')}  ${color.dim(time(milliseconds))}`);
  return lines.join('\n');
}

function outputText(command: string | null, output: string): string {
  const files = list(output.split('\n'));
  if (command === 'create')
    return `created:${files}\n\nWrite "up" and "down". Then write the effect, and read it in the diff:  ${RUN} snapshot`;
  if (command !== 'snapshot') return output;
  if (output === '') return 'the effect files are up to date';
  return `rewritten; read the changes with git diff:${files}
Roles and other objects of the whole server that a migration creates stay on that server.`;
}

/** A failure, for people. */
export function failureText({ outcome, code, message, hint }: Failure, hasColor: boolean): string {
  const isRefused = ['differs', 'data-loss'].includes(outcome) || code === 'problems';
  const label = code === 'drift' ? 'differs' : isRefused ? 'refused' : 'failed';
  return `${picocolors.createColors(hasColor).red(`${label}:`)} ${message}\n\n${hint}`;
}
