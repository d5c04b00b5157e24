import { describe, expect, test } from 'vitest';
import { start } from '../support/migrate.js';
import { createsTable, setUp, step, table } from './setup.js';

/** Migrations that do to the process what no migration should; in a process of its own. */

const MAKE = `pgm.sql('CREATE TABLE a (id integer)');`;
const partly = (up: string) => ({
  ...step(
    '0001_first',
    table('first', 'id'),
    `pgm.noTransaction(); pgm.createTable('first', { id: 'integer' });`,
  ),
  ...step('0002_a', table('a', 'id'), up),
});

test.for<[name: string, up: string, message: string]>([
  ['process.exit(0)', `${MAKE} process.exit(0);`, 'process.exit'],
  [
    'process.exit() in a callback',
    `${MAKE} await new Promise(() => setTimeout(() => process.exit(0), 10));`,
    'process.exit',
  ],
  [
    'an error in a callback',
    `${MAKE} await new Promise(() => setTimeout(() => { throw new Error('boom'); }, 10));`,
    'boom',
  ],
  [
    'an error while a statement runs',
    `setTimeout(() => { throw new Error('boom'); }, 10); pgm.sql('SELECT pg_sleep(30)');`,
    'boom',
  ],
  ['a rejection that is not awaited', `void Promise.reject(new Error('boom')); ${MAKE}`, 'boom'],
  [
    'a query that is not awaited, and fails',
    `void pgm.db.query('SELECT 1/0'); ${MAKE}`,
    'division by zero',
  ],
])('%s: exit 5, one JSON object, nothing is committed', async ([, up, message]) => {
  const { database, root, tables } = await setUp(step('0001_a', table('a', 'id'), up));
  const result = await start(['up', '--json'], { url: database.url, cwd: root }).finished;
  expect(result.code).toBe(5);
  expect(result.json()).toMatchObject({
    exitCode: 5,
    applied: [],
    error: { message: expect.stringContaining(message) as string },
  });
  expect(result.stderr).not.toMatch(/\n {4}at /);
  expect(await tables()).toEqual([]);
});

test.for([
  'process.exit(0);',
  `await new Promise(() => setTimeout(() => { throw new Error('boom'); }, 10));`,
])('after a part was committed it is exit 8: %s', async (up) => {
  const { database, root } = await setUp(partly(up));
  const result = await start(['up', '--json'], { url: database.url, cwd: root }).finished;
  expect(result.json()).toMatchObject({
    exitCode: 8,
    version: '0001_first',
    error: { code: 'partial' },
  });
});

describe('a migration that never finishes', () => {
  test.for([
    ['up(pgm, done) { console.error("hanging"); }', 'SIGTERM', 143],
    ['async up() { console.error("hanging"); await new Promise(() => {}); }', 'SIGINT', 130],
  ] as const)('%s ends with a report after %s', async ([up, signal, exitCode]) => {
    const { database, root } = await setUp({
      'migrations/0001_a.ts': `const down = () => undefined; export const { up } = { ${up} }; export { down };`,
      'migrations/schema/0001_a.json': table('a', 'id'),
    });
    const { child, printed, finished } = start(['up', '--json'], { url: database.url, cwd: root });
    await printed('hanging');
    child.kill(signal);
    expect((await finished).json()).toMatchObject({ exitCode, error: { code: 'interrupted' } });
  });

  test('and is stopped after a part was committed: the report says what', async () => {
    const { database, root } = await setUp(
      partly('console.error("hanging"); await new Promise(() => {});'),
    );
    const { child, printed, finished } = start(['up', '--json'], { url: database.url, cwd: root });
    await printed('hanging');
    child.kill('SIGTERM');
    const applied = [{ name: '0001_first' }];
    expect((await finished).json()).toMatchObject({
      exitCode: 143,
      version: '0001_first',
      applied,
    });
  });
});

test('a file that never finishes loading does not pass for success', async () => {
  const { database, root } = await setUp({
    'migrations/0001_a.mjs':
      'await new Promise(() => {}); export const up = () => {}; export const down = up;',
    'migrations/schema/0001_a.json': {},
  });
  const { code } = await start(['snapshot'], { url: database.url, cwd: root }).finished;
  expect(code).not.toBe(0);
});

test('what a migration prints is not on stdout', async () => {
  const { database, root } = await setUp(
    step('0001_a', table('a', 'id'), `console.log('hel'); process.stdout.write('lo'); ${MAKE}`),
  );
  const { json, stderr } = await start(['up', '--json'], { url: database.url, cwd: root }).finished;
  expect([json(), stderr]).toMatchObject([{ exitCode: 0 }, expect.stringMatching(/hel\nlo/)]);
});

test('a killed run leaves nothing behind, and the same command goes on', async () => {
  const { database, root, tables, run } = await setUp({
    ...createsTable('0001', 'a'),
    ...step(
      '0002_b',
      table('b', 'id'),
      `console.error('waiting'); await new Promise((done) => setTimeout(done, process.env.WAIT)); pgm.sql('CREATE TABLE b (id integer)');`,
    ),
  });
  const running = start(['up'], { url: database.url, cwd: root, env: { WAIT: '60000' } });
  await running.printed('waiting');
  running.child.kill('SIGKILL');
  await running.finished;
  expect(await tables()).toEqual([]);
  expect(await run('up')).toMatchObject({ exitCode: 0, version: '0002_b' });
});
