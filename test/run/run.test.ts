import { describe, expect, test } from 'vitest';
import { RUN_LOCK_KEY } from '../../scripts/runner/run-lock.js';
import { advisoryLocks, blockedRun, eventually } from '../support/eventually.js';
import { createsTable, setUp, sqlStep } from './setup.js';
import { counts, listen } from './statements.js';

const three = {
  ...createsTable('0001', 'a'),
  ...createsTable('0002', 'b'),
  ...createsTable('0003', 'c'),
};

describe('the target', () => {
  test.for<[from: string | null, line: string, to: string | null]>([
    [null, 'up', '0003_c'],
    [null, 'up 1', '0001_a'],
    [null, 'up 2', '0002_b'],
    [null, 'up 9', '0003_c'],
    [null, 'up 0002', '0002_b'],
    [null, 'up 0002_b', '0002_b'],
    [null, 'up migrations/0002_b.ts', '0002_b'],
    ['0002_b', 'up 0001', '0002_b'],
    ['0003_c', 'down', '0002_b'],
    ['0003_c', 'down 2', '0001_a'],
    ['0003_c', 'down 9', null],
    ['0003_c', 'down 0001_a', '0001_a'],
    ['0003_c', 'redo 2', '0003_c'],
    [null, 'down', null],
  ])('from %s, %s goes to %s', async ([from, line, to]) => {
    const { run, applied } = await setUp(three);
    if (from !== null)
      expect(await run(`up ${from}`)).toMatchObject({ exitCode: 0, version: from });
    expect(await run(line)).toMatchObject({ exitCode: 0, version: to });
    if (from !== null || to !== null) expect((await applied()).at(-1) ?? null).toBe(to);
  });

  test.for([
    ['up 0009', 'unknown-migration'],
    ['down 0003_c', 'not-applied'],
    ['down nothing', 'unknown-migration'],
  ] as const)('%s is refused', async ([line, code]) => {
    const { run } = await setUp(three);
    expect(await run('up 0001')).toMatchObject({ exitCode: 0 });
    expect(await run(line)).toMatchObject({ exitCode: 2, error: { code } });
  });
});

test('with nothing to do, up and down still check', async () => {
  const { run, database } = await setUp(three);
  expect(await run('up')).toMatchObject({ outcome: 'applied', exitCode: 0 });
  expect(await run('up')).toMatchObject({
    outcome: 'nothing-to-do',
    exitCode: 0,
    applied: [],
    pending: [],
  });
  await database.query('ALTER TABLE b ADD more integer; DROP TABLE a');
  const differences = [{ kind: 'missing', object: 'table public.a' }];
  expect(await run('up')).toMatchObject({
    outcome: 'differs',
    exitCode: 6,
    error: { code: 'drift' },
  });
  expect((await run('up')).differences).toMatchObject([...differences, { kind: 'unexpected' }]);
  expect(await run('down 0003')).toMatchObject({ exitCode: 6 });
});

describe('a migration of', () => {
  test.for<[string, string, string]>([
    ['a comment at the end', 'CREATE TABLE a (id integer) -- all', 'DROP TABLE a -- all'],
    [
      'a comment after the statement',
      'CREATE TABLE a (id integer); -- all',
      'DROP TABLE a; /* all */',
    ],
    [
      'forty comments before it',
      `${'/* a */\n'.repeat(40)}CREATE TABLE a (id integer)`,
      'DROP TABLE a',
    ],
    ['several statements', 'CREATE TABLE a (); ALTER TABLE a ADD id integer', 'DROP TABLE a'],
    [
      'a statement with COMMIT in a literal',
      `CREATE TABLE a (id integer); SELECT 'x; COMMIT'`,
      'DROP TABLE a',
    ],
  ])('%s is recorded once, and removed', async ([, up, down]) => {
    const { run, applied } = await setUp(
      sqlStep('0001_a', { 'public.a': { table: '', 'column id': 'integer NULL' } }, up, down),
    );
    expect(await run('up')).toMatchObject({ exitCode: 0 });
    expect(await applied()).toEqual(['0001_a']);
    expect(await run('down')).toMatchObject({ exitCode: 0 });
    expect(await applied()).toEqual([]);
  });
});

describe('redo says what is committed when up fails', () => {
  test('because another run has taken the run lock in between', async () => {
    const { run, database } = await setUp({
      ...createsTable('0001', 'a'),
      ...createsTable('0002', 'b'),
    });
    await run('up');
    const [reader, other] = [await database.connect(), await database.connect()];
    await reader.query('BEGIN; LOCK TABLE b IN ACCESS SHARE MODE');
    const running = run('redo --lock-wait=0 --lock-timeout=10min');
    await blockedRun(database);
    const taking = other.query(`SELECT pg_advisory_lock(${RUN_LOCK_KEY})`);
    const waits = async () => (await advisoryLocks(database, false)).length === 1;
    await eventually('a session that waits for the run lock', waits);
    await reader.query('COMMIT');
    const report = await running;
    await taking;
    expect(report).toMatchObject({
      outcome: 'partial',
      exitCode: 8,
      version: '0001_a',
      reverted: [{ name: '0002_b' }],
      pending: ['0002_b'],
    });
    expect(report.error?.message).not.toContain('nothing was');
    expect(report.error?.hint).toContain('Then continue:  npm run migrate up');
  });
});

/** Round trips are what a run costs through a slow network: the numbers are pinned, so that they do not grow. */
describe('round trips', () => {
  test.for(['up', 'check', 'status'])(
    '%s with nothing to do: one connection, one query',
    async (line) => {
      const { run } = await setUp(three);
      await run('up');
      const sent = listen();
      expect(await run(line)).toMatchObject({ exitCode: 0 });
      const total = (numbers: Record<string, number>) =>
        Object.values(numbers).reduce((a, b) => a + b, 0);
      expect([total(sent.connections), total(counts(sent))]).toEqual([1, 1]);
    },
  );

  test('each more migration costs its statement and its record', async () => {
    const queries = async (line: string) => {
      const { run } = await setUp(three);
      if (line.startsWith('down')) await run('up');
      const sent = listen();
      expect(await run(line)).toMatchObject({ exitCode: 0 });
      return counts(sent)['run'] ?? NaN;
    };
    expect((await queries('up 3')) - (await queries('up 1'))).toBe(4);
    // Before tables are dropped, the run looks whether they are empty, and sends the statements again.
    expect((await queries('down 3')) - (await queries('down 1'))).toBe(8);
  });
});

/** The definition of a view waits for a lock on it, in the middle of reading the catalog. */
describe('a check that another run overtakes while it reads is repeated', () => {
  test.for([
    ['check', 'matches'],
    ['status', 'matches'],
    ['plan', 'planned'],
    ['up 0002_b', 'applied'],
  ] as const)('%s', async ([line, outcome]) => {
    const { run, database } = await setUp({
      ...sqlStep(
        '0001_a',
        { 'public.v': { view: 'SELECT 1 AS id', 'column id': 'integer' } },
        'CREATE VIEW v AS SELECT 1 AS id',
      ),
      ...sqlStep(
        '0002_b',
        {
          'public.b': {
            table: '',
            'column n': 'integer NULL',
            'constraint b_n_check': 'CHECK ((n > 0))',
            'constraint b_n_key': 'UNIQUE (n)',
          },
        },
        'CREATE TABLE b (n integer CHECK (n > 0) UNIQUE)',
      ),
    });
    expect(await run('up')).toMatchObject({ exitCode: 0 });
    const other = await database.connect();
    await other.query(
      `BEGIN; LOCK TABLE v IN ACCESS EXCLUSIVE MODE; DROP TABLE b; DELETE FROM pgmigrations WHERE name = '0002_b'`,
    );
    const reading = run(line);
    await blockedRun(database, line.startsWith('up') ? 'lock' : 'run');
    await other.query('COMMIT');
    expect(await reading).toMatchObject({ exitCode: 0, outcome });
  });
});
