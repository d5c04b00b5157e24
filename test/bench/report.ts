/** Writes the results as Markdown tables. */
import { readFileSync } from 'node:fs';
import { cpus, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { root } from '../support/root.ts';
import { median, spread, type Sample } from './measure.ts';
import type { Stall } from './stall.ts';
import { targets } from './targets.ts';

export interface Results {
  /** By workload, then by contender. */
  readonly samples: ReadonlyMap<string, ReadonlyMap<string, readonly Sample[]>>;
  readonly stalls: readonly Stall[];
  /** The number of rows in `workflow_executions` while the stalls were measured. */
  readonly rows: number;
  readonly serverVersion: string;
}

export type Measure = 'milliseconds' | 'cpu' | 'memory';

/** All values of one measure. Empty if it could not be measured. */
export const valuesOf = (samples: readonly Sample[] | undefined, measure: Measure): number[] =>
  (samples ?? []).flatMap((sample) => sample[measure] ?? []);

export function report(results: Results): string {
  const workloads = [...results.samples].map(([name, contenders]) =>
    workloadTable(name, contenders),
  );
  return [
    '# Benchmark',
    summary(results),
    machine(results.serverVersion),
    `## Targets\n\nRatios of medians of whole processes, in this run.\n\n${targetTable(results)}`,
    ...workloads,
    stallTable(results),
  ].join('\n\n');
}

/** The most important results, in three lines. */
function summary({ samples, stalls, rows }: Results): string {
  const time = (workload: string, contender: string): number =>
    median(valuesOf(samples.get(workload)?.get(contender), 'milliseconds'));
  const both = (workload: string): string => {
    const [ours, cli] = [time(workload, 'compiled'), time(workload, 'CLI')];
    return `${fixed(ours)} ms, where node-pg-migrate's own CLI takes ${fixed(cli)} ms`;
  };
  const cold = `a fresh container: ${fixed(time('nothing to do', 'CLI, cold'))} ms`;
  const count = rows.toLocaleString('en');
  const [, legacy = '?', ours = '?'] = stalls.map((stall) => `${fixed(stall.milliseconds)} ms`);
  return [
    `- A deploy with nothing to do takes the compiled form ${both('nothing to do')}`,
    ` (${cold}); the check is in it.\n`,
    `- The first deploy takes ${both('fresh')}; `,
    `with 1,000 migrations applied, it is ${both('1,000 applied')}; `,
    `with 1,000 pending, ${both('1,000 pending')}.\n`,
    `- While the migrations run on a table of ${count} rows, the longest statement of a writer takes `,
    `${ours}; while the legacy files run, ${legacy}.`,
  ].join('');
}

function machine(serverVersion: string): string {
  const path = join(root, 'node_modules/node-pg-migrate/package.json');
  const { version } = JSON.parse(readFileSync(path, 'utf8')) as { version: string };
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  const hardware = `${type()}, ${cpus().length} × ${cpu?.model.trim() ?? '?'}, ${memory} GiB`;
  const day = new Date().toISOString().slice(0, 10);
  return [
    `Written by \`npm run bench\` on ${day}: ${hardware}; Node ${process.version}, `,
    `PostgreSQL ${serverVersion} on the same machine (fsync off), node-pg-migrate ${version}.\n\n`,
    'Contenders run in turns. The tables show the median of the wall-clock time, half the distance ',
    'between its quartiles, and the medians of CPU time (user and system, with child processes) ',
    'and of peak memory.',
  ].join('');
}

const rowOf = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const alignment = head.map((_, index) => (index === 0 ? '---' : '---:'));
  return [head, alignment, ...rows].map(rowOf).join('\n');
}

/** A number with so many digits after the point; empty if it could not be measured. */
const fixed = (value: number, digits = 0): string =>
  Number.isNaN(value) ? '' : value.toFixed(digits);

function workloadTable(name: string, byContender: ReadonlyMap<string, readonly Sample[]>): string {
  const base = byContender.get('CLI') ?? [...byContender.values()][0];
  const baseName = byContender.has('CLI') ? 'CLI' : ([...byContender.keys()][0] ?? '');
  const rows = [...byContender].map(([contender, samples]) => {
    const wall = valuesOf(samples, 'milliseconds');
    const [cpu, memory] = [valuesOf(samples, 'cpu'), valuesOf(samples, 'memory')];
    const ratio = (measure: Measure) =>
      fixed(median(valuesOf(samples, measure)) / median(valuesOf(base, measure)), 2);
    return [
      contender,
      `${fixed(median(wall))} ms`,
      `± ${fixed(spread(wall) * 50)} %`,
      ratio('milliseconds'),
      `${fixed(median(cpu))} ms`,
      ratio('cpu'),
      `${fixed(median(memory))} MiB`,
    ];
  });
  const count = Math.max(...[...byContender.values()].map((samples) => samples.length));
  const ofBase = `of ${baseName}`;
  const head = [`${count} runs each`, 'time', 'spread', ofBase, 'CPU', ofBase, 'memory'];
  return `## ${name}\n\n${tableOf(head, rows)}`;
}

function targetTable({ samples }: Results): string {
  const rows = targets.flatMap(({ workload, contender, than, measure, atMost }) => {
    const medianOf = (name: string, what: Measure) =>
      median(valuesOf(samples.get(workload)?.get(name), what));
    const ratioOf = (what: Measure) => medianOf(contender, what) / medianOf(than, what);
    const ratio = ratioOf(measure);
    if (Number.isNaN(ratio)) return [];
    const isMemory = measure === 'memory';
    const title = isMemory ? `peak memory, ${workload}` : workload;
    const numbers = [atMost, ratio, isMemory ? NaN : ratioOf('cpu')];
    const result = ratio <= atMost ? 'reached' : '**missed**';
    const cells = numbers.map((number) => fixed(number, 2));
    return [[title, `${contender} ÷ ${than}`, ...cells, result]];
  });
  return tableOf(['workload', 'ratio', 'at most', 'is', 'of CPU time', ''], rows);
}

const stallTable = ({ stalls, rows }: Results): string =>
  `## The longest statement of four writers, on ${rows.toLocaleString('en')} rows\n\n${tableOf(
    ['while this runs', 'ms'],
    stalls.map(({ name, milliseconds }) => [name, fixed(milliseconds, 1)]),
  )}`;
