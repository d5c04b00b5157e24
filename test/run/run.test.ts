import pg from 'pg';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { advisoryLocks, eventually, TAKE_RUN_LOCK } from '../support/eventually.ts';
import { creates, createsTable, merged, setUp, sqlStep, step, table } from '../support/project.ts';
import { blockRun, hold, LONG_WAIT } from './items.ts';

const three = creates('a', 'b', 'c');
const MAKE = 'CREATE TABLE a (id integer)';

test('a long number such as a timestamp names a migration, and is not a count', async () => {
  const numbers = [1, 2, 3].map((place) => `2024010112304512${place}`);
  const files = numbers.map((number) => createsTable(number, `t_${number}`));
  const { run } = await setUp(merged(files));
  const version = `${numbers[1]}_t_${numbers[1]}`;
  expect(await run(`up ${numbers[1]}`)).toMatchObject({ exitCode: 0, version });
  expect(await run('up')).toMatchObject({ exitCode: 0, applied: [{}] });
  expect(await run(`down ${numbers[1]}`)).toMatchObject({ exitCode: 0, version });
});

test('up and down check the schema even if there is nothing to do', async () => {
  const { run, database } = await setUp(three);
  expect(await run('up')).toMatchObject({ outcome: 'applied', exitCode: 0 });
  const nothing = { outcome: 'nothing-to-do', exitCode: 0, applied: [], pending: [] };
  expect(await run('up')).toMatchObject(nothing);
  await database.query('ALTER TABLE b ADD more integer; DROP TABLE a');
  expect(await run('up')).toMatchObject({
    outcome: 'differs',
    exitCode: 6,
    error: { code: 'drift' },
    differences: [{ kind: 'missing', object: 'table public.a' }, { kind: 'unexpected' }],
  });
  expect(await run('down 0003')).toMatchObject({ exitCode: 6 });
});

describe('a migration with', () => {
  test.for<[name: string, up: string, down?: string]>([
    ['a comment at the end', `${MAKE} -- all`, 'DROP TABLE a -- all'],
    ['a comment after the statement', `${MAKE}; -- all`, 'DROP TABLE a; /* all */'],
    ['forty comments before it', `${'/* a */\n'.repeat(40)}${MAKE}`],
    ['several statements', 'CREATE TABLE a (); ALTER TABLE a ADD id integer'],
    ['COMMIT in a literal', `${MAKE}; SELECT 'x; COMMIT'`],
  ])('%s is recorded once, and down removes the record', async ([, up, down = 'DROP TABLE a']) => {
    const { run, applied } = await setUp(sqlStep('0001_a', table('a', 'id'), up, down));
    expect(await run('up')).toMatchObject({ exitCode: 0 });
    expect(await applied()).toEqual(['0001_a']);
    expect(await run('down')).toMatchObject({ exitCode: 0 });
    expect(await applied()).toEqual([]);
  });
});

test('a migration may send a literal of many megabytes', async () => {
  const up = `pgm.sql("CREATE TABLE a (id integer); SELECT length('" + 'x'.repeat(20_000_000) + "')");`;
  const { run } = await setUp(step('0001_a', table('a', 'id'), up));
  expect(await run('up')).toMatchObject({ exitCode: 0 });
});

test('redo says what is committed if it cannot take the run lock again after the down', async () => {
  const { run, database } = await setUp(creates('a', 'b'));
  await run('up');
  const lock = 'BEGIN; LOCK TABLE b IN ACCESS SHARE MODE';
  const begin = () => run(`redo --lock-wait=0 ${LONG_WAIT}`);
  const { running, release } = await blockRun(database, lock, begin);
  const taking = hold(database, TAKE_RUN_LOCK);
  const waits = async () => (await advisoryLocks(database, false)).length === 1;
  await eventually('a session that waits for the run lock', waits);
  await release();
  const report = await running;
  await taking;
  const state = { outcome: 'partial', exitCode: 8, version: '0001_a', pending: ['0002_b'] };
  expect(report).toMatchObject({ ...state, reverted: [{ name: '0002_b' }] });
  expect(report.error?.hint).not.toMatch(/Nothing was|again/);
  expect(report.error?.hint).toContain('Then continue:  npm run migrate up');
});

test.for([
  ['PERFORM 1/0', 'division by zero', 'Correct the value, in the rows or in the migration.'],
  ['RAISE lock_not_available', '1 attempt', 'Wait for its end;'],
] as const)(
  'redo that fails after the down does not advise redo: %s',
  async ([sql, text, hint]) => {
    const fail = `DO $$ BEGIN IF EXISTS (SELECT FROM a) THEN ${sql}; END IF; END $$`;
    const up = `CREATE TABLE b (id integer); ${fail}`;
    const { run, database } = await setUp({
      ...creates('a'),
      ...sqlStep('0002_b', table('b', 'id'), up, 'DROP TABLE b'),
    });
    await run('up');
    await database.query('INSERT INTO a VALUES (1)');
    const { exitCode, error } = await run('redo --retries=0');
    expect([exitCode, error?.message]).toEqual([8, expect.stringContaining(text)]);
    expect(error?.hint).toContain(`${hint}\n`);
    expect(error?.hint).not.toContain('again');
    expect(error?.hint).toMatch(/\nThen continue: {2}npm run migrate up$/);
  },
);

test('redo that fails halfway in a down outside a transaction does not advise up', async () => {
  const effect = { 'public.a': { 'index a_id': 'USING btree (id)' } };
  const down = `pgm.noTransaction(); pgm.sql('DROP INDEX a_id'); pgm.sql('SELECT 1 / count(*) FROM a');`;
  const index = step('0002_index', effect, `pgm.sql('CREATE INDEX a_id ON a (id)');`, down);
  const { run } = await setUp({ ...creates('a'), ...index });
  await run('up');
  const { exitCode, error } = await run('redo');
  expect(exitCode).toBe(8);
  expect(error?.hint).toContain('What ran outside a transaction stays.');
  expect(error?.hint).not.toContain('npm run migrate up');
  expect(await run('up')).toMatchObject({ exitCode: 6, version: '0002_index' });
});

test('redo of more than is applied advises up if an up outside a transaction fails', async () => {
  const up = `pgm.noTransaction(); pgm.sql('SELECT'); pgm.sql('SELECT 1 / (1 - count(*)) FROM a');`;
  const { run, query } = await setUp(step('0001_a', {}, up), 'CREATE TABLE a ()');
  await run('up');
  await query('INSERT INTO a DEFAULT VALUES');
  const { error } = await run('redo 9');
  expect(error?.hint).toMatch(/stays\.\n.*\nThen continue: {2}npm run migrate up$/);
});

/**
 * Counts the connections and queries of this process until the end of the test. The returned function returns
 * both numbers, for a purpose such as `run` or for all purposes. One query is one round trip.
 */
function countRoundTrips() {
  const spies = (['connect', 'query'] as const).map((method) =>
    vi.spyOn(pg.Client.prototype, method).mockClear(),
  );
  onTestFinished(() => spies.forEach((spy) => spy.mockRestore()));
  type Client = pg.Client & { connectionParameters: { application_name?: string } };
  return (purpose = '\\w+') => {
    const name = new RegExp(`^migrate \\w+ ${purpose} `);
    const isCounted = (client: unknown) =>
      name.test((client as Client).connectionParameters.application_name ?? '');
    return spies.map(({ mock }) => mock.contexts.filter(isCounted).length);
  };
}

/** Each round trip takes time on a slow network. These tests fail if their number grows. */
describe('round trips', () => {
  test.for(['up', 'check', 'status'])(
    '%s with nothing to do: one connection, one query',
    async (line) => {
      const { run } = await setUp(three);
      await run('up');
      const sent = countRoundTrips();
      expect(await run(line)).toMatchObject({ exitCode: 0 });
      expect(sent()).toEqual([1, 1]);
    },
  );

  test('each further migration costs two round trips: its statement, and its record', async () => {
    const queries = async (line: string) => {
      const { run } = await setUp(three);
      if (line.startsWith('down')) await run('up');
      const sent = countRoundTrips();
      expect(await run(line)).toMatchObject({ exitCode: 0 });
      return sent('run')[1] ?? NaN;
    };
    expect((await queries('up 3')) - (await queries('up 1'))).toBe(4);
    // down drops tables: the run begins again to look for data in them, and so sends everything twice.
    expect((await queries('down 3')) - (await queries('down 1'))).toBe(8);
  });
});

/** A function as PostgreSQL prints it. */
const f = (n: number) => `CREATE OR REPLACE FUNCTION public.f()
 RETURNS integer\n LANGUAGE sql\nAS $function$SELECT ${n}$function$`;
const keys = { 'constraint k': 'UNIQUE (id)', 'constraint c': 'CHECK ((id > 0))' };
const tableB = { 'public.b': { table: '', 'column id': 'integer NULL', ...keys } };
const makeB = 'CREATE TABLE b (id integer CONSTRAINT k UNIQUE CONSTRAINT c CHECK (id > 0))';
/** What a migration does, its effect, and what another run sends to revert it. */
const changes = {
  'DROP TABLE': [makeB, tableB, 'DROP TABLE b'],
  'CREATE OR REPLACE': [f(2), { 'function public.f()': f(2) }, f(1)],
} as const;

/** While the check reads the catalog, PostgreSQL waits for a lock on the view, to print its definition. */
describe('a check is repeated if another run changes the schema while it reads', () => {
  test.for([
    ['check', 'matches', 'DROP TABLE'],
    ['status', 'matches', 'DROP TABLE'],
    ['plan', 'planned', 'DROP TABLE'],
    ['up 0002_b', 'applied', 'DROP TABLE'],
    ['check', 'matches', 'CREATE OR REPLACE'],
  ] as const)('%s: %s after %s', async ([line, outcome, what]) => {
    const [up, effect, revert] = changes[what];
    const view = { view: 'SELECT 1 AS id', 'column id': 'integer' };
    const first = { 'public.v': view, 'function public.f()': f(1) };
    const { run, database } = await setUp({
      ...sqlStep('0001_a', first, `CREATE VIEW v AS SELECT 1 AS id; ${f(1)}`),
      ...sqlStep('0002_b', effect, up),
    });
    expect(await run('up')).toMatchObject({ exitCode: 0 });
    const change = `BEGIN; LOCK TABLE v IN ACCESS EXCLUSIVE MODE; ${revert};
      DELETE FROM pgmigrations WHERE name = '0002_b'`;
    const purpose = line.startsWith('up') ? 'lock' : 'run';
    const { running, release } = await blockRun(database, change, () => run(line), purpose);
    await release();
    expect(await running).toMatchObject({ exitCode: 0, outcome });
  });
});
