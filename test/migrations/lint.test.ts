import { expect, test } from 'vitest';
import { readBlocks } from '../support/blocks.ts';
import { call } from '../support/call.ts';
import { testDatabase } from '../support/test-database.ts';
import { reversible } from '../support/migrations.ts';
import { lint } from './squawk.ts';

/** True for `prefer-…` (except prefer-robust-…), and for the migrations table of the framework. */
const isTaste = (finding: string): boolean => /^plan: |: prefer-(?!robust)/.test(finding);

/** True if `down` removes what `up` created. If that contains data, the data-loss guard refuses it. */
const isReversal = (finding: string): boolean => /: ban-drop-(?:table|column)$/.test(finding);

/** The findings in the output of `plan` that are accepted: each in `up` or in `down`, with its reason. */
const accepted = readBlocks('migrations/lint.txt', ['up', 'down']);

const directions = reversible.length > 0 ? (['up', 'down'] as const) : (['up'] as const);

test.for(directions)('squawk finds in %s only what is accepted', async (direction) => {
  const { url } = await testDatabase();
  if (direction === 'down') expect((await call(['up'], { url })).code).toBe(0);
  const argv = direction === 'up' ? ['plan', 'up'] : ['plan', 'down', String(reversible.length)];
  const { code, stdout } = await call(argv, { url });
  expect(code).toBe(0);
  const found = lint(stdout).filter(
    (finding) => !isTaste(finding) && !(direction === 'down' && isReversal(finding)),
  );
  const isPlanned = (finding: string) =>
    direction === 'up' || reversible.includes(finding.split(':')[0] ?? '');
  const expected = accepted.filter(({ of }) => of(direction).length > 0).map(({ name }) => name);
  expect(found.sort()).toEqual(expected.filter(isPlanned).sort());
});
