import { expect, test } from 'vitest';
import { start } from '../support/migrate.js';
import { actions, integer, stage, table } from './stage.js';

test.for([
  ['up(pgm, done) { console.error("hanging"); }', 'SIGTERM', 143],
  ['async up() { console.error("hanging"); await new Promise(() => {}); }', 'SIGINT', 130],
] as const)('a migration that never settles, %s, ends with a report after %s', async ([up, signal, exitCode]) => {
  const { database, root } = await stage({
    'migrations/0001_a.ts': `const down = () => undefined; export const { up } = { ${up} }; export { down };`,
    'migrations/schema/0001_a.json': table('public.a', { id: integer }),
  });
  const { child, printed, finished } = start(['up', '--json'], { url: database.url, cwd: root });
  await printed('hanging');
  child.kill(signal);
  expect((await finished).json()).toMatchObject({ exitCode, error: { code: 'interrupted' } });
});

test('a migration that never settles ends with a report when its connections are gone', async () => {
  const { database, root } = await stage({
    'migrations/0001_a.ts': actions('console.error("hanging"); await new Promise(() => {});'),
    'migrations/schema/0001_a.json': table('public.a', { id: integer }),
  });
  const { printed, finished } = start(['up', '--json'], { url: database.url, cwd: root });
  await printed('hanging');
  await database.query(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()',
  );
  expect((await finished).json()).toMatchObject({ exitCode: 5, error: { code: 'never-settles' } });
});

test.for([
  ['loses its connections', 8, 'partial'],
  ['is stopped', 143, 'interrupted'],
] as const)(
  'a migration that never settles after a commit %s: it says what is committed',
  async ([what, exitCode, code]) => {
    const { database, root } = await stage({
      'migrations/0001_a.ts': actions('pgm.noTransaction(); pgm.createTable("a", { id: "integer" });'),
      'migrations/schema/0001_a.json': table('public.a', { id: integer }),
      'migrations/0002_b.ts': actions('console.error("hanging"); await new Promise(() => {});'),
      'migrations/schema/0002_b.json': table('public.b', { id: integer }),
    });
    const { child, printed, finished } = start(['up', '--json'], { url: database.url, cwd: root });
    await printed('hanging');
    if (what === 'is stopped') child.kill('SIGTERM');
    else
      await database.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()',
      );
    expect((await finished).json()).toMatchObject({
      exitCode,
      version: '0001_a',
      applied: [{ name: '0001_a' }],
      error: { code },
    });
  },
);

test('a promise that nothing waits for, and that fails, fails the run', async () => {
  const { database, root } = await stage({
    'migrations/0001_a.ts': actions(`void pgm.db.query('SELECT 1/0'); pgm.sql('CREATE TABLE a (id integer)');`),
    'migrations/schema/0001_a.json': table('public.a', { id: integer }),
  });
  const { finished } = start(['up', '--json'], { url: database.url, cwd: root });
  expect((await finished).json()).toMatchObject({ exitCode: 5, error: { sqlstate: '22012' } });
});

test('what forEach() runs with nobody waiting for it fails the run, and says why', async () => {
  const { database, root } = await stage(
    {
      'migrations/0001_b.ts': actions(`
        ['c', 'd'].forEach(async (column) => {
          for (;;) {
            const [{ path }] = await pgm.db.select("SELECT current_setting('search_path') AS path");
            if (!path.includes('public')) break;
          }
          await pgm.db.query('ALTER TABLE public.a ADD ' + column + ' integer');
        });
        pgm.sql('CREATE TABLE b (id integer)');`),
      'migrations/schema/0001_b.json': table('public.b', { id: integer }),
    },
    'CREATE TABLE a (id integer)',
  );
  const result = await start(['up', '--json'], { url: database.url, cwd: root }).finished;
  expect(result.json()).toMatchObject({ exitCode: 5, error: { code: 'late-statement' } });
  expect(await database.query("SELECT FROM pg_class WHERE relname = 'b'")).toEqual([]);
});

test("a rejection that is not the server's, and that nobody waits for, ends the run with a report", async () => {
  const { database, root } = await stage({
    'migrations/0001_a.ts': actions("void Promise.reject(new Error('mail')); pgm.sql('CREATE TABLE a (id integer)');"),
    'migrations/schema/0001_a.json': table('public.a', { id: integer }),
  });
  const result = await start(['up', '--json'], { url: database.url, cwd: root }).finished;
  expect(result.json()).toMatchObject({ exitCode: 5, error: { message: expect.stringContaining('mail') as string } });
  expect(await database.query("SELECT FROM pg_class WHERE relname = 'a'")).toEqual([]);
});

test('an exception that nothing catches fails the run', async () => {
  const { database, root } = await stage({
    'migrations/0001_a.ts': actions(
      `setTimeout(() => { throw new Error('late'); }, 10); pgm.sql('SELECT pg_sleep(30)');`, // Longer than a run is waited for.
    ),
    'migrations/schema/0001_a.json': {},
  });
  const { json, stderr } = await start(['up', '--json'], { url: database.url, cwd: root }).finished;
  expect(json()).toMatchObject({ exitCode: 1, applied: [], error: { code: 'internal' } });
  expect(stderr).toContain('an error was thrown that nothing catches: Error: late');
  expect(stderr).not.toMatch(/\n {4}at /);
});

test('a migration that ends the process does not pass for one that succeeded', async () => {
  const { database, root } = await stage({
    'migrations/0001_a.ts': actions(`pgm.sql('CREATE TABLE a (id integer)'); process.exit(0);`),
    'migrations/schema/0001_a.json': table('public.a', { id: integer }),
  });
  const { code, stderr } = await start(['up'], { url: database.url, cwd: root }).finished;
  expect(code).toBe(5);
  expect(stderr).toContain('failed: a migration ended the process (process.exit)');
  expect(await database.query(`SELECT to_regclass('a') AS a`)).toEqual([{ a: null }]);
});

test('what a migration prints is not among the answer', async () => {
  const { database, root } = await stage({
    'migrations/0001_a.ts': actions(`console.log('hello'); pgm.sql('CREATE TABLE a (id integer)');`),
    'migrations/schema/0001_a.json': table('public.a', { id: integer }),
  });
  const { json, stderr } = await start(['up', '--json'], { url: database.url, cwd: root }).finished;
  expect(json()).toMatchObject({ exitCode: 0 });
  expect(stderr).toContain('hello');
});
