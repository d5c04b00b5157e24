import type { Colors } from 'picocolors/types.js';
import type { Failure } from './errors.js';
import type { Report } from './report.js';
import type { DatabaseInfo, Known } from './types.js';
import { at, count, differenceLines, list, RUN, table, time } from './wording.js';

/** What a command that has an answer says, for people. */
export function asText({ command, outcome, known, milliseconds }: Report, color: Colors): string {
  if (known.output !== undefined) return outputText(command, known.output);
  const { database, migrations, applied = [], reverted = [], warnings = [] } = known;
  const lines = database === undefined ? [] : [color.dim(databaseText(database))];
  const rows = (migrations ?? []).map(({ name, appliedOn }) => [
    appliedOn === null ? color.yellow('pending') : color.green('applied'),
    name,
    appliedOn?.slice(0, 19) ?? '',
  ]);
  const done = [
    ...reverted.map((each) => ['-', each] as const),
    ...applied.map((each) => ['+', each] as const),
  ];
  rows.push(...done.map(([sign, { name, milliseconds: spent }]) => [sign, name, time(spent)]));
  if (rows.length > 0) lines.push(table(rows));
  if (warnings.length > 0)
    lines.push(
      `${color.yellow('warning:')} not expected, and left as it is:\n${differenceLines(warnings)}`,
    );
  if (outcome !== 'differs')
    lines.push(
      `${color.green('ok')}  ${summary(command, known)}  ${color.dim(time(milliseconds))}`,
    );
  return lines.join('\n');
}

const databaseText = ({ name, host, port, serverVersion }: DatabaseInfo): string =>
  `database ${name} at ${host}:${port}, PostgreSQL ${serverVersion}`;

function summary(
  command: string | null,
  { applied = [], reverted = [], version = null, pending = [] }: Known,
): string {
  const parts = [];
  if (reverted.length > 0) parts.push(`reverted ${count(reverted.length, 'migration')}`);
  if (applied.length > 0) parts.push(`applied ${count(applied.length, 'migration')}`);
  if (parts.length === 0 && command !== 'check' && command !== 'status')
    parts.push('nothing to do');
  parts.push(`the schema is as expected ${at(version)}`);
  if (pending.length > 0 && command !== 'down') parts.push(`${pending.length} pending`);
  return parts.join('; ');
}

function outputText(command: string | null, output: string): string {
  const files = list(output.split('\n'));
  if (command === 'create')
    return `created${files}\n\nWrite "up" and "down". Then write the effect, and read it in the diff:  ${RUN} snapshot`;
  if (command !== 'snapshot') return output;
  const cluster =
    'Roles and other objects of the whole server that a migration creates stay on that server.';
  return output === ''
    ? 'the effect files are up to date'
    : `rewritten; read the changes with git diff:${files}\n${cluster}`;
}

/** A failure, for people. */
export function failureText(error: Failure, color: Colors): string {
  const isAnswer = ['differs', 'in-the-way', 'problems', 'data-loss', 'data-loss-unseen'].includes(
    error.code,
  );
  const label = error.code === 'drift' ? 'differs' : isAnswer ? 'refused' : 'failed';
  return `${color.red(`${label}:`)} ${error.message}\n\n${error.hint}`;
}
