import picocolors from 'picocolors';
import { redact, type Failure } from './errors.ts';
import type { Report } from './report.ts';
import { atVersion, differenceLines, duration, list, placeOf, plural, RUN } from './wording.ts';

/** The report as text, for people. The text of a failure is {@link failureText}. */
export function asText(report: Report, hasColor: boolean): string {
  const { command, outcome, version = null, database, error, output } = report;
  const { migrations = [], reverted = [], applied = [], pending = [], warnings = [] } = report;
  if (output !== undefined || !database) return outputText(command, output);
  const { green, yellow, dim } = picocolors.createColors(hasColor);
  const { name, host, port, serverVersion } = database;
  const lines = [dim(`${placeOf(name, host, port)}, PostgreSQL ${serverVersion}`)];
  const width = Math.max(...[...migrations, ...reverted, ...applied].map((row) => row.name.length));
  const add = (mark: string, name: string, when: string) =>
    lines.push(`  ${mark}  ${name.padEnd(width)}  ${when}`.trimEnd());
  for (const { name, appliedOn } of migrations)
    if (appliedOn === null) add(yellow('pending'), name, '');
    else add(green('applied'), name, appliedOn.slice(0, 19));
  for (const { name, milliseconds } of reverted) add('-', name, duration(milliseconds));
  for (const { name, milliseconds } of applied) add('+', name, duration(milliseconds));
  const differences = redact(differenceLines(warnings));
  if (warnings.length > 0)
    lines.push(`${yellow('warning:')} these fail only with --strict:`, differences);
  if (error) return lines.join('\n');
  const done = [
    reverted.length > 0 && `reverted ${plural(reverted.length, 'migration')}`,
    applied.length > 0 && `applied ${plural(applied.length, 'migration')}`,
    outcome === 'nothing-to-do' && 'nothing to do',
    `the schema is as expected ${atVersion(version)}`,
    pending.length > 0 && command !== 'down' && `${pending.length} pending`,
  ];
  const summary = done.filter(Boolean).join('; ');
  return [...lines, `${green('ok')}  ${summary}  ${dim(duration(report.milliseconds))}`].join('\n');
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

/** A failure as text, for people: its outcome, the message, and the hint. */
export const failureText = ({ outcome, message, hint }: Failure, hasColor: boolean) =>
  `${picocolors.createColors(hasColor).red(`${outcome}:`)} ${message}\n\n${hint}`;

/** A failure as a GitHub annotation of its file (docs.github.com, "Workflow commands for GitHub Actions"). */
export function annotation({ message, hint, details: { file } }: Failure): string {
  const text = `${message}\n\n${hint}`.replaceAll(/[%\r\n]/g, encodeURIComponent);
  return `::error ${file === undefined ? '' : `file=${file},`}title=migrate::${text}\n`;
}
