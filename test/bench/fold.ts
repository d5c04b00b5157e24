/** How long it takes to put effects together to the expected schema: in this process, the median of several times. */
import { performance } from 'node:perf_hooks';
import { expectation } from '../../scripts/schema/effects.js';
import { median } from './measure.js';
import { effect } from './projects.js';

export interface Fold {
  readonly effects: number;
  readonly milliseconds: number;
}

export function foldTimes(): Fold[] {
  return [10, 100, 1000].map((effects) => ({
    effects,
    milliseconds: median(
      Array.from({ length: 9 }, () => {
        const all = Array.from({ length: effects }, (_, index) => effect(`t${index}`));
        const started = performance.now();
        expectation({}, all);
        return performance.now() - started;
      }),
    ),
  }));
}
