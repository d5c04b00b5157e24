import type { Colors } from 'picocolors/types.js';
import type { Facts } from '../context.js';
import type { Failure } from '../errors.js';
import type { Report } from './json.js';
import { differenceLines, table, time } from './words.js';

const migrations = (count: number): string => `${count} ${count === 1 ? 'migration' : 'migrations'}`;

/** What a command that succeeded has to say. */
export function asText({ command, outcome, facts, milliseconds }: Report, color: Colors): string {
  if (facts.output !== undefined) return outputOf(command, facts);
  const lines: string[] = [];
  if (facts.database !== null) lines.push(color.dim(where(facts.database)));
  if (command === 'status' && facts.ledger !== undefined) lines.push(statusTable(facts, color));
  const ran = [
    ...facts.reverted.map((done) => ['-', done] as const),
    ...facts.applied.map((done) => ['+', done] as const),
  ];
  if (ran.length > 0) lines.push(table(ran.map(([sign, done]) => [sign, done.name, time(done.milliseconds)])));
  if (facts.warnings.length > 0)
    lines.push(`${color.yellow('warning:')} not expected, and left alone:\n${differenceLines(facts.warnings)}`);
  if (outcome !== 'differs')
    lines.push(`${color.green('ok')}  ${summary(command, facts)}  ${color.dim(time(milliseconds))}`);
  return lines.join('\n');
}

function summary(command: string | null, { applied, reverted, version, pending }: Facts): string {
  const did = [
    ...(reverted.length > 0 ? [`reverted ${migrations(reverted.length)}`] : []),
    ...(applied.length > 0 ? [`applied ${migrations(applied.length)}`] : []),
  ].join(', ');
  const asked = command === 'check' || command === 'status' ? '' : did === '' ? 'nothing to do; ' : `${did}; `;
  const matches = version === null ? 'no migration is applied' : `the schema is what ${version} leaves behind`;
  const open = pending.length > 0 && command !== 'down' ? `; ${pending.length} pending` : '';
  return `${asked}${matches}${open}`;
}

const where = ({ name, host, port, serverVersion }: NonNullable<Facts['database']>): string =>
  `database ${name} at ${host}:${port}, PostgreSQL ${serverVersion ?? '?'}`;

function statusTable({ ledger }: Facts, color: Colors): string {
  const rows = [...(ledger?.applied ?? []), ...(ledger?.pending ?? [])].map(({ name }) => {
    const on = ledger?.appliedOn.get(name);
    return [
      on === undefined ? color.yellow('pending') : color.green('applied'),
      name,
      on?.replace('T', ' ').slice(0, 19) ?? '',
    ];
  });
  return table(rows);
}

function outputOf(command: string | null, { output = '' }: Facts): string {
  const files = output
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
  if (command === 'create')
    return `made\n${files}\n\nWrite up and down. Then let its effect be taken, and read it in the diff:  npm run migrate snapshot`;
  if (command === 'snapshot')
    return output === '' ? 'the effect files are what the migrations do' : `rewritten, see git diff:\n${files}`;
  return output;
}

/** A failure, for people. */
export const failureText = (error: Failure, color: Colors): string =>
  `${color.red(`${labels[error.code] ?? 'failed'}:`)} ${error.message}\n\n${error.hint}`;

/** Where nothing failed, but something was found, or was not done. */
const labels: Partial<Record<Failure['code'], string>> = {
  drift: 'differs',
  differs: 'refused',
  misfit: 'refused',
  obstacles: 'refused',
  'data-loss': 'refused',
  interrupted: 'interrupted',
};
