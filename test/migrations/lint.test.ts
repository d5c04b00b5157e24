import { expect, test } from 'vitest';
import { call } from '../support/call.ts';
import { testDatabase } from '../support/test-database.ts';
import { reversible } from '../support/migrations.ts';
import { lint } from './squawk.ts';

/** True for `prefer-…` (except prefer-robust-…), and for the migrations table of the framework. */
const isTaste = (finding: string): boolean => /^plan: |: prefer-(?!robust)/.test(finding);

/** True if `down` removes what `up` created. If that contains data, the data-loss guard refuses it. */
const isReversal = (finding: string): boolean => /: ban-drop-(?:table|column)$/.test(finding);

const onlyMissing =
  'IF NOT EXISTS: for an older table that lacks the column. If it has rows, this fails, and changes nothing';
/** The findings in the output of `plan` that are accepted, each with its reason. */
const accepted = {
  up: {
    '0001_create-workflow-templates: adding-required-field': onlyMissing,
    '0001_create-workflow-templates: adding-serial-primary-key-field': onlyMissing,
    '0002_create-user-workflows: adding-required-field': onlyMissing,
    '0002_create-user-workflows: adding-serial-primary-key-field': onlyMissing,
    '0002_create-user-workflows: adding-field-with-default': onlyMissing,
    '0003_link-workflow-executions: ban-drop-not-null':
      "an execution of a user's workflow has no template; the application reads such rows only later",
  },
  down: {
    '0005_index-workflow-executions: require-concurrent-index-deletion':
      'it belongs to the transaction of the other downs; lock_timeout bounds the wait',
    '0003_link-workflow-executions: adding-not-nullable-field':
      'the column was NOT NULL before; lock_timeout bounds the wait',
  },
};

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
  expect(found.sort()).toEqual(Object.keys(accepted[direction]).filter(isPlanned).sort());
});
