import { expect, test } from 'vitest';
import { runMigrations, type Steps, type StatementClient } from '../../scripts/runner/framework.js';
import type { Direction } from '../../scripts/project/version.js';
import { readProject, type Migration } from '../../scripts/project/project.js';
import { readSettings } from '../../scripts/project/settings.js';
import { call } from '../support/call.js';
import { root } from '../support/root.js';
import { lint } from './squawk.js';
import { testDatabase } from '../support/test-database.js';

const settings = readSettings(root, {});
const { migrations } = readProject(settings);

/** What the wrapper sends before a migration's own statements, inside a transaction and outside. */
const preamble = [`SET lock_timeout = '2s'`, `SET statement_timeout = '0'`];

const legacyTypes =
  'the schema to reach is given, and is what the application has: this project repairs, it does not extend';
const onlyMissing =
  'IF NOT EXISTS: the table was made by the statement before, or by a legacy runner, and then lacks none of these; a table with rows and without them fails here, and the check says so';

/** Findings that stay, each with its reason. */
const accepted: readonly (readonly [
  direction: Direction,
  migration: string,
  rules: readonly string[],
  why: string,
])[] = [
  [
    'up',
    '0001_create-workflow-templates',
    ['prefer-text-field', 'prefer-bigint-over-int', 'prefer-timestamp-tz'],
    legacyTypes,
  ],
  [
    'up',
    '0001_create-workflow-templates',
    ['adding-required-field', 'adding-serial-primary-key-field'],
    onlyMissing,
  ],
  [
    'up',
    '0002_create-user-workflows',
    ['prefer-text-field', 'prefer-bigint-over-int'],
    legacyTypes,
  ],
  [
    'up',
    '0002_create-user-workflows',
    ['adding-required-field', 'adding-serial-primary-key-field', 'adding-field-with-default'],
    onlyMissing,
  ],
  [
    'up',
    '0003_link-workflow-executions',
    ['ban-drop-not-null'],
    "an execution of a user's workflow has no template; the application that reads these rows is released after this",
  ],
  [
    'up',
    '0004_validate-workflow-executions',
    ['prefer-robust-stmts'],
    'to validate what is valid already does nothing, so it may run again',
  ],
  [
    'down',
    '0005_index-workflow-executions',
    ['require-concurrent-index-deletion'],
    'a down outside the transaction could be cut off between the index and its row in the migrations table; under lock_timeout the lock is short',
  ],
  [
    'down',
    '0003_link-workflow-executions',
    ['ban-drop-column'],
    'going down is to remove it; the guard of the data refuses where it holds values',
  ],
  [
    'down',
    '0003_link-workflow-executions',
    ['adding-not-nullable-field'],
    'the column was NOT NULL before; the guard has counted its nulls, and lock_timeout bounds the wait',
  ],
  [
    'down',
    '0002_create-user-workflows',
    ['ban-drop-table'],
    'going down is to remove it; the guard of the data refuses where it holds rows',
  ],
  [
    'down',
    '0001_create-workflow-templates',
    ['ban-drop-table'],
    'going down is to remove it; the guard of the data refuses where it holds rows',
  ],
];

/** What migrations send, by the framework's dry run. */
async function stepsOf(
  direction: Direction,
): Promise<(Steps & { readonly migration: Migration })[]> {
  const database = await testDatabase();
  if (direction === 'down') expect((await call(['up'], { url: database.url })).code).toBe(0);
  const client = (await database.connect()) as unknown as StatementClient;
  const inOrder = direction === 'up' ? migrations : [...migrations].reverse();
  const steps: Steps[] = [];
  await runMigrations(settings, client, inOrder, direction, (each) => steps.push(each));
  expect(steps.length).toBe(inOrder.length);
  return inOrder.flatMap((migration, index) =>
    steps.slice(index, index + 1).map((each) => ({ ...each, migration })),
  );
}

test.for(['up', 'down'] as const)(
  'squawk finds nothing in %s but what is accepted, with its reason',
  async (direction) => {
    const found: string[] = [];
    const used = new Set<string>();
    for (const { statements, inside, migration } of await stepsOf(direction)) {
      expect(statements.length, migration.file).toBeGreaterThan(0);
      for (const { file, rule, statement } of lint(
        migration.file,
        [...preamble, ...statements],
        inside,
      )) {
        const isAccepted = accepted.some(
          ([way, name, rules]) =>
            way === direction && name === migration.name && rules.includes(rule),
        );
        if (isAccepted) used.add(`${migration.name} ${rule}`);
        else found.push(`${file} ${direction}: ${rule}: ${statement}`);
      }
    }
    expect(found).toEqual([]);
    const claimed = accepted
      .filter(([way]) => way === direction)
      .flatMap(([, name, rules]) => rules.map((rule) => `${name} ${rule}`));
    expect([...used].sort()).toEqual(claimed.sort());
  },
);

test('squawk reports what would block or destroy, with the file that it is in', () => {
  const statements = [
    `SET lock_timeout = '2s'`,
    'CREATE INDEX i ON\n  public.t (a)',
    'ALTER TABLE public.t DROP COLUMN a',
  ];
  const rules = lint('migrations/0009_bad.ts', statements, true).map(
    ({ file, rule, statement }) => `${file} ${rule} ${statement}`,
  );
  expect(rules).toContain(
    'migrations/0009_bad.ts require-concurrent-index-creation CREATE INDEX i ON\n  public.t (a);',
  );
  expect(rules).toContain(
    'migrations/0009_bad.ts ban-drop-column ALTER TABLE public.t DROP COLUMN a;',
  );
});

test('squawk is told what is in a transaction', () => {
  const concurrently = ['CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON public.t (a)'];
  const rulesIn = (inTransaction: boolean) =>
    lint('x.sql', [...preamble, ...concurrently], inTransaction).map(({ rule }) => rule);
  expect([rulesIn(true), rulesIn(false)]).toEqual([
    ['ban-concurrent-index-creation-in-transaction'],
    [],
  ]);
});
