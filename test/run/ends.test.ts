import { expect, test } from 'vitest';
import { byName, readBlocks } from '../support/blocks.ts';
import { noBackends } from '../support/eventually.ts';
import { sources, startProgram } from '../support/migrate.ts';
import { setUp, step, table } from '../support/project.ts';

/** Migrations that end or disturb the process, so each test starts the program in another process. */

/** A migration that is committed before the next one runs. */
const committed = step(
  '0001_first',
  table('first', 'id'),
  `pgm.noTransaction(); pgm.createTable('first', { id: 'integer' });`,
);
const THROW = `await new Promise(() => setTimeout(() => { throw new Error('boom'); }, 10));`;
const END_SESSION = `await pgm.db.query('SELECT pg_terminate_backend(pg_backend_pid())').catch(() => {});`;
const HANG = `async function up() { process.stdout.write('hanging');`;

/** A case has the body of `up`, and a text that the message contains. */
const cases = byName(readBlocks('run/cases/ends.txt', ['up', 'names']));
test.for(cases)('%s: exit 5, one JSON object, nothing is committed', async ([, { first }]) => {
  const [up, message] = [first('up'), first('names')];
  const { start, tables } = await setUp(step('0001_a', table('a', 'id'), up));
  const result = await start('up').finished;
  expect(result.code).toBe(5);
  const error = { message: expect.stringContaining(message) as string };
  expect(result.json()).toMatchObject({ exitCode: 5, applied: [], error });
  expect(result.stderr).not.toMatch(/\n {4}at /);
  expect(await tables()).toEqual([]);
});

test.for(['plan', 'snapshot'])('%s fails after an error that nothing catches', async (command) => {
  const up = `void Promise.reject(new Error('boom')); await new Promise((end) => setTimeout(end, 10));`;
  const { root: cwd, url } = await setUp(step('0001_a', {}, up));
  const args = [...sources, command, '--json']; // The compiled program has no `snapshot`.
  const { json } = await startProgram(process.execPath, args, { url, cwd }).finished;
  expect(json()).toMatchObject({ exitCode: 5, error: { code: 'uncaught' } });
});

test.for([
  ['process.exit(0);', 'migration-failed'],
  [THROW, 'uncaught'],
  [`setInterval(() => void pgm.db.query('SELECT 1'), 1);`, 'late-statement'],
  [`${END_SESSION} await new Promise(() => {});`, 'connection-lost'],
])('exit 8 after a part was committed: %s', async ([up = '', code]) => {
  const { start } = await setUp({ ...committed, ...step('0002_a', table('a', 'id'), up) });
  const report = (await start('up').finished).json();
  const hint: unknown = expect.not.stringContaining('What ran outside a transaction');
  expect(report).toMatchObject({ exitCode: 8, version: '0001_first', error: { code, hint } });
});

test.for([
  ['function up(pgm, done) { console.log("hanging"); }', 'SIGTERM', 143],
  [`${HANG} await new Promise(() => {}); }`, 'SIGINT', 130],
  [`${HANG} await new Promise((end) => setTimeout(end, 600_000)); }`, 'SIGTERM', 143],
  [`${HANG} for (;;) await new Promise(setImmediate); }`, 'SIGINT', 130],
] as const)('a signal stops an endless migration: %s', async ([up, signal, exitCode]) => {
  const { start, database, tables } = await setUp({
    ...committed,
    'migrations/0002_a.ts': `export ${up}\nexport const down = false;`,
    'migrations/schema/0002_a.json': {},
  });
  const { child, printed, finished } = start('up');
  await printed('hanging');
  child.kill(signal);
  const applied = [{ name: '0001_first' }];
  const state = { outcome: 'failed', version: '0001_first', applied };
  const error = { code: 'interrupted' };
  // stdout must be JSON: what the migration has printed went to stderr.
  expect((await finished).json()).toMatchObject({ exitCode, ...state, error });
  expect(await tables()).toEqual(['first']);
  await noBackends(database);
});

test('a run fails if a statement that is not awaited fails outside a transaction', async () => {
  const up = `pgm.noTransaction(); void pgm.db.query('INSERT INTO t VALUES (1)');
    pgm.sql('SELECT pg_sleep(0.1)');`;
  const { start, applied } = await setUp(
    { ...committed, ...step('0002_a', {}, up) },
    'CREATE TABLE t (id integer CHECK (id > 5))',
  );
  const report = (await start('up').finished).json();
  expect(report).toMatchObject({ exitCode: 8, version: '0001_first' });
  expect(await applied()).toEqual(['0001_first']);
});
