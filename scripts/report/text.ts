import picocolors from 'picocolors';
import type { Failure } from './errors.ts';
import type { Report } from './report.ts';
import { atVersion, differenceLines, duration, list, plural, RUN } from './wording.ts';

/** The report as text, for people. The text of a failure is {@link failureText}. */
export function asText(report: Report, hasColor: boolean): string {
  const { command, outcome, database, output } = report;
  const { migrations = [], reverted = [], applied = [], warnings = [] } = report;
  if (output !== undefined || !database) return outputText(command, output);
  const { green, yellow, dim } = picocolors.createColors(hasColor);
  const names = [...migrations, ...reverted, ...applied].map(({ name }) => name);
  const width = Math.max(...names.map(({ length }) => length));
  const row = (mark: string, name: string, when: string) =>
    `  ${mark}  ${name.padEnd(width)}  ${when}`.trimEnd();
  const address = `${database.name} at ${database.host}:${database.port}`;
  const lines = [dim(`database ${address}, PostgreSQL ${database.serverVersion}`)];
  for (const { name, appliedOn } of migrations)
    if (appliedOn === null) lines.push(row(yellow('pending'), name, ''));
    else lines.push(row(green('applied'), name, appliedOn.slice(0, 19)));
  for (const { name, milliseconds } of reverted) lines.push(row('-', name, duration(milliseconds)));
  for (const { name, milliseconds } of applied) lines.push(row('+', name, duration(milliseconds)));
  if (warnings.length > 0)
    lines.push(`${yellow('warning:')} not expected, and left as it is:`, differenceLines(warnings));
  const time = dim(duration(report.milliseconds));
  if (outcome !== 'differs') lines.push(`${green('ok')}  ${summary(report)}  ${time}`);
  return lines.join('\n');
}

function summary({ command, outcome, version = null, ...report }: Report): string {
  const { applied = [], reverted = [], pending = [] } = report;
  const parts: string[] = [];
  if (reverted.length > 0) parts.push(`reverted ${plural(reverted.length, 'migration')}`);
  if (applied.length > 0) parts.push(`applied ${plural(applied.length, 'migration')}`);
  if (outcome === 'nothing-to-do') parts.push('nothing to do');
  parts.push(`the schema is as expected ${atVersion(version)}`);
  if (pending.length > 0 && command !== 'down') parts.push(`${pending.length} pending`);
  return parts.join('; ');
}

function outputText(command: string | null, output = ''): string {
  const files = list(output.split('\n'));
  if (command === 'create')
    return `created:${files}\n\nWrite "up" and "down". Then write the effect, and read it in the diff:  ${RUN} snapshot`;
  if (command !== 'snapshot') return output;
  if (output === '') return 'the effect files are up to date';
  return `written; read the diff, since every database must match these files:${files}
Roles and other objects of the whole server that a migration creates stay on that server.`;
}

/** A failure as text, for people: a label such as `refused:`, the message, and the hint. */
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
