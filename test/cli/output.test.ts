import { describe, expect, test } from 'vitest';
import { call } from '../support/call.js';
import { migrate, sources, start, startProgram } from '../support/migrate.js';
import { migration } from '../support/project.js';
import { smallProject } from '../support/small-project.js';
import { testDatabase } from '../support/test-database.js';
import { words } from './report.js';

test.concurrent.for<[boolean, Record<string, string>]>([
  [false, { CI: 'true' }],
  [true, { FORCE_COLOR: '1', NO_COLOR: '' }],
  [false, { FORCE_COLOR: '0' }],
  [false, { NO_COLOR: '1', FORCE_COLOR: '1' }],
])('colours in a pipe: %s with %j; never in JSON', async ([hasColour, env]) => {
  const { stdout, stderr, json } = await migrate(['chek', '--json'], { env });
  expect([stdout, stderr].map((text) => text.includes('\u001b['))).toEqual([false, hasColour]);
  expect(json()).toMatchObject({ exitCode: 2 });
});

describe('a reader', () => {
  test('may go away: the run completes', async () => {
    const { url, query } = await testDatabase({ base: false });
    const { child, finished } = start(['up', '--verbose'], { url, cwd: smallProject(['a', 'b']) });
    child.stdout?.destroy();
    child.stderr?.destroy();
    expect(await finished).toMatchObject({ code: 0, signal: null });
    expect(await query('SELECT FROM pgmigrations')).toHaveLength(2);
  });

  test('that is a full disk: half a plan does not pass for a whole one', async () => {
    const { url } = await testDatabase({ base: false });
    const intoFull = ['-c', 'exec "$@" > /dev/full', 'sh', process.execPath, ...sources, 'plan'];
    const options = { url, cwd: smallProject(['a']) };
    const { code, stderr } = await startProgram('sh', intoFull, options).finished;
    expect(code).toBe(1);
    expect(stderr).toContain('ENOSPC');
  });

  test('that comes late gets all of it, and not only what a pipe holds', async () => {
    const long = migration(`pgm.sql("SELECT '" + 'x'.repeat(1_000_000) + "'");`, '');
    const cwd = smallProject(['a'], { 'migrations/0001_a.ts': long });
    const { url } = await testDatabase({ base: false });
    const { child, finished } = start(['plan', '--json'], { url, cwd });
    child.stdout?.pause();
    setTimeout(() => child.stdout?.resume(), 1500);
    const { code, json } = await finished;
    expect(code).toBe(0);
    expect((json() as { output: string }).output).toContain('x'.repeat(1_000_000));
  });
});

test('what a migration prints, and its notices, go to stderr', async () => {
  const { url } = await testDatabase({ base: false });
  const body = `if (!process.env.VITEST) console.log('logged'); pgm.createTable('a', { id: 'integer' });
    pgm.sql("DO $$ BEGIN RAISE WARNING 'a warning'; RAISE NOTICE 'a notice'; END $$");`;
  const cwd = smallProject(['a'], {
    'migrations/0001_a.ts': migration(body, `pgm.dropTable('a');`),
  });
  const up = await migrate(['up', '--json'], { url, cwd });
  expect(up.json()).toMatchObject({ outcome: 'applied' });
  expect(up.stderr).toMatch(/logged\n[^]*WARNING: a warning\n$/);
  expect(up.stderr).not.toContain('a notice');
  const run = (line: string) => call(words(line), { url, root: cwd });
  expect((await run('redo --verbose')).stderr).toMatch(
    /\nDROP TABLE "a"[^]*\nCREATE TABLE "a"[^]*\nNOTICE: a notice\n/,
  );
  for (const line of ['redo --quiet', 'check --quiet'])
    expect(await run(line)).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.not.stringContaining('WARN') as string,
    });
  expect((await run('down nothing --quiet')).stderr).toContain('"nothing"');
});

test('only --verbose prints a stack trace', async () => {
  const root = smallProject(['a'], { 'migrations/0001_a.ts': migration('pgm.nothing();', '') });
  const { url } = await testDatabase({ base: false });
  expect((await call(['up'], { url, root })).stderr).not.toMatch(/^ {4}at /m);
  expect((await call(['up', '--verbose'], { url, root })).stderr).toMatch(/^ {4}at /m);
});

test('in GitHub Actions, a failure is one annotation of its file, with what GitHub escapes', async () => {
  const { url } = await testDatabase({ base: false });
  const [effect, file] = ['migrations/schema/0001_a.json', 'migrations/0001_a.ts'];
  const bigint = { 'public.a': { table: '', 'column id': 'bigint NULL' } };
  for (const [files, annotation] of [
    [{ [effect]: '{ "100%": }' }, `^::error file=${effect},.*title=migrate::${effect}.*`],
    [
      { [file]: migration(`throw new Error('100 %\\nof it');`, '') },
      `^::error file=${file},title=migrate::.*100 %25%0Aof it`,
    ],
    [{ [effect]: bigint }, `^::error .*title=migrate::.*0001_a.*%0A.*column public.a.id`],
  ] as const) {
    const options = { url, root: smallProject(['a'], files) };
    const { stderr } = await call(['up'], { ...options, env: { GITHUB_ACTIONS: 'true' } });
    const annotations = stderr.split('\n').filter((text) => text.startsWith('::'));
    expect(annotations).toEqual([expect.stringMatching(annotation)]);
    expect((await call(['up'], options)).stderr).not.toContain('::error');
  }
});
