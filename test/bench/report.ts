/** The results in words: tables in Markdown. */
import { readFileSync } from 'node:fs';
import { cpus, totalmem, type } from 'node:os';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { root } from '../support/root.js';
import { median, spread, type Sample } from './measure.js';
import type { AtOnce } from './at-once.js';
import type { Fold } from './fold.js';
import type { Size } from './installed.js';
import { targets } from './targets.js';

export interface Results {
  /** By workload, then contender. */
  readonly samples: ReadonlyMap<string, ReadonlyMap<string, readonly Sample[]>>;
  readonly atOnce: readonly AtOnce[];
  readonly folds: readonly Fold[];
  readonly sizes: readonly Size[];
  readonly serverVersion: string;
}

export type Measure = 'milliseconds' | 'cpu' | 'memory';

/** All values of a measure; none where it could not be taken. */
export const valuesOf = (samples: readonly Sample[] | undefined, measure: Measure): number[] =>
  (samples ?? []).flatMap((sample) => sample[measure] ?? []);

export function report(results: Results): string {
  const workloads = [...results.samples].map(([name, byContender]) => workloadTable(name, byContender));
  return [
    '# Benchmark',
    machine(results.serverVersion),
    ['## Targets', 'Ratios of medians, of whole processes, in this run.', targetTable(results)].join('\n\n'),
    ...workloads,
    ...(results.atOnce.length > 0 ? [atOnceTable(results.atOnce)] : []),
    foldTable(results.folds),
    ...(results.sizes.length > 0 ? [sizeTable(results.sizes)] : []),
  ].join('\n\n');
}

function machine(serverVersion: string): string {
  const versionOf = (path: string) =>
    (JSON.parse(readFileSync(join(root, path), 'utf8')) as { version: string }).version;
  const [cpu] = cpus();
  const peers = (
    JSON.parse(readFileSync(fileURLToPath(new URL('package.json', import.meta.url)), 'utf8')) as {
      dependencies: object;
    }
  ).dependencies;
  const versions = Object.entries(peers).map(([name, version]) => `${name} ${String(version)}`);
  return `\`npm run bench\` wrote this on ${new Date().toISOString().slice(0, 10)}: ${type()}, ${cpus().length} × ${cpu?.model.trim() ?? '?'}, ${Math.round(totalmem() / 2 ** 30)} GiB; Node ${process.version}, PostgreSQL ${serverVersion} on the same machine (fsync off), node-pg-migrate ${versionOf('node_modules/node-pg-migrate/package.json')}; ${versions.join(', ')}.

Contenders run in turns; what is shown is the median of wall-clock times, the distance between the quartiles as a share of it, the median of CPU time (user and system, the process and its children) and of the peak of memory.`;
}

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const tableOf = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(head), row(head.map((_, index) => (index === 0 ? '---' : '---:'))), ...rows.map(row)].join('\n');
const fixed = (value: number, digits = 0): string => (Number.isNaN(value) ? '' : value.toFixed(digits));

function workloadTable(name: string, byContender: ReadonlyMap<string, readonly Sample[]>): string {
  const base = byContender.get('CLI') ?? [...byContender.values()][0];
  const baseName = byContender.has('CLI') ? 'CLI' : ([...byContender.keys()][0] ?? '');
  const rows = [...byContender].map(([contender, samples]) => {
    const wall = valuesOf(samples, 'milliseconds');
    const [cpu, memory] = [valuesOf(samples, 'cpu'), valuesOf(samples, 'memory')];
    const ratio = (measure: Measure) => fixed(median(valuesOf(samples, measure)) / median(valuesOf(base, measure)), 2);
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
  return `## ${name}\n\n${tableOf([`${count} runs each`, 'time', 'spread', `of ${baseName}`, 'CPU', `of ${baseName}`, 'memory'], rows)}`;
}

function targetTable({ samples }: Results): string {
  const rows = targets.flatMap(({ workload, contender, than, measure, atMost }) => {
    const values = (name: string) => valuesOf(samples.get(workload)?.get(name), measure);
    const ratio = median(values(contender)) / median(values(than));
    if (Number.isNaN(ratio)) return [];
    const what = measure === 'memory' ? `peak memory, ${workload}` : workload;
    const cpu =
      measure === 'milliseconds'
        ? median(valuesOf(samples.get(workload)?.get(contender), 'cpu')) /
          median(valuesOf(samples.get(workload)?.get(than), 'cpu'))
        : NaN;
    return [
      [
        what,
        `${contender} ÷ ${than}`,
        fixed(atMost, 2),
        fixed(ratio, 2),
        fixed(cpu, 2),
        ratio <= atMost ? 'reached' : '**missed**',
      ],
    ];
  });
  return tableOf(['workload', 'ratio', 'at most', 'is', 'of CPU time', ''], rows);
}

const atOnceTable = (results: readonly AtOnce[]): string =>
  `## Two processes at once on a fresh database\n\n${tableOf(
    ['', 'both exit 0'],
    results.map(({ name, good, of }) => [name, `${good} of ${of}`]),
  )}`;

const foldTable = (folds: readonly Fold[]): string =>
  `## Effects put together to the expected schema, in one process\n\n${tableOf(
    ['effects', 'ms'],
    folds.map(({ effects, milliseconds }) => [String(effects), fixed(milliseconds, 2)]),
  )}`;

const sizeTable = (sizes: readonly Size[]): string =>
  `## Installed size\n\n${tableOf(
    ['', 'MiB'],
    sizes.map(({ name, megabytes }) => [name, fixed(megabytes)]),
  )}`;
