import type { Measure } from './report.js';

/** What is to be reached: a ratio of two contenders' medians in one workload. */
export interface Target {
  readonly workload: string;
  readonly contender: string;
  readonly than: string;
  readonly measure: Measure;
  readonly atMost: number;
}

const target = (workload: string, contender: string, than: string, atMost: number): Target => ({
  workload,
  contender,
  than,
  measure: 'milliseconds',
  atMost,
});

/** The `compiled` form is `node dist/scripts/migrate.js`; `CLI, cold` is what a fresh container has. */
export const targets: readonly Target[] = [
  target('nothing to do', 'compiled', 'CLI', 0.65),
  target('nothing to do', 'compiled', 'CLI, cold', 0.35),
  target('nothing to do', 'npm run migrate', 'npm run CLI', 1.3),
  target('fresh', 'compiled', 'CLI', 1),
  target('fresh', 'npm run migrate', 'npm run CLI', 1.4),
  target('1,000 applied, nothing to do', 'compiled', 'CLI', 0.45),
  target('1,000 applied, nothing to do', 'compiled', 'CLI, cold', 0.06),
  target('1,000 applied, nothing to do', 'npm run migrate', 'npm run CLI', 1),
  target('1,000 pending', 'compiled', 'CLI', 1),
  target('1,000 pending', 'compiled', 'CLI, cold', 0.45),
  target('1,000 pending', 'npm run migrate', 'npm run CLI', 1.1),
  target('check beside 10,000 other tables', 'beside 10,000 other tables', 'alone', 1.2),
  { ...target('nothing to do', 'compiled', 'CLI', 0.9), measure: 'memory' },
];
