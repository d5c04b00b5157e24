import picocolors from 'picocolors';
import type { Failure } from './errors.ts';
import type { Report } from './report.ts';
import { at, count, differenceLines, list, RUN, time } from './wording.ts';

/** The report as text, for people. The text of a failure is {@link failureText}. */
export function asText(report: Report, hasColor: boolean): string {
  const { green, yellow, dim } = picocolors.createColors(hasColor);
  const { command, outcome, version = null, milliseconds, database, output } = report;
  const { migrations = [], applied = [], reverted = [], warnings = [], pending = [] } = report;
  if (output !== undefined) return outputText(command, output);
  const { name = '', host = '', port = 0, serverVersion = '' } = database ?? {};
  const named = [...migrations, ...reverted, ...applied];
  const width = Math.max(...named.map((migration) => migration.name.length));
  const row = (mark: string, name: string, when: string) =>
    `  ${mark}  ${name.padEnd(width)}  ${when}`.trimEnd();
  const rows = [
    ...migrations.map(({ name, appliedOn }) => {
      const state = appliedOn === null ? yellow('pending') : green('applied');
      return row(state, name, appliedOn?.slice(0, 19) ?? '');
    }),
    ...reverted.map(({ name, milliseconds }) => row('-', name, time(milliseconds))),
    ...applied.map(({ name, milliseconds }) => row('+', name, time(milliseconds))),
  ];
  const summary = [
    ...(reverted.length > 0 ? [`reverted ${count(reverted.length, 'migration')}`] : []),
    ...(applied.length > 0 ? [`applied ${count(applied.length, 'migration')}`] : []),
    ...(outcome === 'nothing-to-do' ? ['nothing to do'] : []),
    `the schema is as expected ${at(version)}`,
    ...(pending.length > 0 && command !== 'down' ? [`${pending.length} pending`] : []),
  ];
  const isBroken = warnings.some(({ found }) => found?.endsWith(' INVALID'));
  const advice = isBroken ? '\nAn interrupted build leaves an INVALID index: drop it.' : '';
  const warning = `${yellow('warning:')} not expected, and left as it is:\n${differenceLines(warnings)}${advice}`;
  return [
    dim(`database ${name} at ${host}:${port}, PostgreSQL ${serverVersion}`),
    ...rows,
    ...(warnings.length > 0 ? [warning] : []),
    ...(outcome === 'differs'
      ? []
      : [`${green('ok')}  ${summary.join('; ')}  ${dim(time(milliseconds))}`]),
  ].join('\n');
}

function outputText(command: string | null, output: string): string {
  const files = list(output.split('\n'));
  if (command === 'create')
    return `created:${files}\n\nWrite "up" and "down". Then write the effect, and read it in the diff:  ${RUN} snapshot`;
  if (command !== 'snapshot') return output;
  if (output === '') return 'the effect files are up to date';
  return `written; read it, every database will be held to it:${files}
Roles and other objects of the whole server that a migration creates stay on that server.`;
}

/** A failure as text, for people: a label, the message, and the hint. */
export function failureText({ outcome, code, message, hint }: Failure, hasColor: boolean): string {
  const isRefused = ['differs', 'data-loss'].includes(outcome) || code === 'problems';
  let label = isRefused ? 'refused' : 'failed';
  if (code === 'drift') label = 'differs';
  return `${picocolors.createColors(hasColor).red(`${label}:`)} ${message}\n\n${hint}`;
}

/** A failure as a GitHub annotation of its file (docs.github.com, "Workflow commands for GitHub Actions"). */
export function annotation({ message, hint, details: { file } }: Failure): string {
  const text = `${message}\n\n${hint}`
    .replaceAll('%', '%25')
    .replaceAll('\r', '%0D')
    .replaceAll('\n', '%0A');
  return `::error ${file === undefined ? '' : `file=${file},`}title=migrate::${text}\n`;
}
