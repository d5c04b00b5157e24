import type { Measure } from './report.ts';

/** A target: the largest allowed ratio of the medians of two contenders in one workload. */
export interface Target {
  readonly workload: string;
  readonly contender: string;
  readonly than: string;
  readonly measure: Measure;
  readonly atMost: number;
}

const time = (workload: string, contender: string, than: string, atMost: number): Target => ({
  workload,
  contender,
  than,
  measure: 'milliseconds',
  atMost,
});

/** `compiled` is `node dist/scripts/migrate.js`; `CLI, cold` is the CLI without its cache. */
export const targets: readonly Target[] = [
  time('nothing to do', 'compiled', 'CLI', 0.5),
  time('nothing to do', 'compiled', 'CLI, cold', 0.28),
  time('nothing to do', 'npm run migrate', 'npm run CLI', 0.95),
  time('fresh', 'compiled', 'CLI', 0.95),
  time('fresh', 'npm run migrate', 'npm run CLI', 1.3),
  time('1,000 applied', 'compiled', 'CLI', 0.55),
  time('1,000 applied', 'compiled', 'CLI, cold', 0.1),
  time('1,000 applied', 'npm run migrate', 'npm run CLI', 1),
  time('1,000 pending', 'compiled', 'CLI', 0.9),
  time('check', 'beside 10,000 tables', 'alone', 1.1),
  { ...time('nothing to do', 'compiled', 'CLI', 0.7), measure: 'memory' },
];
