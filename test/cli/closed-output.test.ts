import { expect, test } from 'vitest';
import { sources, start, startProgram } from '../support/migrate.js';
import { migration, testProject } from '../support/project.js';
import { testDatabase } from '../support/test-database.js';

test('whoever reads may go away: a run goes on to its end', async () => {
  const database = await testDatabase();
  const { child, finished } = start(['up'], { url: database.url });
  child.stdout?.destroy();
  expect(await finished).toMatchObject({ code: 0, signal: null, stderr: '' });
  expect(await database.query('SELECT FROM pgmigrations')).toHaveLength(5);
});

test('so it does when it has more to say', async () => {
  const database = await testDatabase();
  await (await database.connect()).query('BEGIN; LOCK TABLE workflow_executions');
  const argv = ['up', '--lock-timeout=200ms', '--retries=3', '--json'];
  const { child, finished } = start(argv, { url: database.url });
  child.stderr?.destroy();
  const { code, json } = await finished;
  expect(code).toBe(4);
  expect(json()).toMatchObject({ outcome: 'locked', exitCode: 4 });
});

test('a disk that is full: half a plan does not pass for a whole one', async () => {
  const database = await testDatabase();
  const intoFull = ['-c', 'exec "$@" > /dev/full', 'sh', process.execPath, ...sources];
  const { code, stderr } = await startProgram('sh', [...intoFull, 'plan'], { url: database.url }).finished;
  expect(code).toBe(1);
  expect(stderr).toContain('the output could not be written: ENOSPC');
});

test('a reader that comes late gets all of it, and not only what a pipe holds', async () => {
  const cwd = testProject({
    'migrations/0001_long.ts': migration(`pgm.sql("SELECT '" + 'x'.repeat(1_000_000) + "'");`, ''),
    'migrations/schema/0001_long.json': {},
  });
  const database = await testDatabase({ base: false });
  const { child, finished } = start(['plan', '--json'], { url: database.url, cwd });
  child.stdout?.pause();
  setTimeout(() => child.stdout?.resume(), 3000);
  const { code, json } = await finished;
  expect(code).toBe(0);
  expect((json() as { output: string }).output).toContain('x'.repeat(1_000_000));
});
