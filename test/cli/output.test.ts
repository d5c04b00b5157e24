import { describe, expect, test } from 'vitest';
import { call } from '../support/call.js';
import { migrate, sources, start, startProgram } from '../support/migrate.js';
import { migration } from '../support/project.js';
import { smallProject } from '../support/small-project.js';
import { testDatabase } from '../support/test-database.js';
import { words } from './report.js';

describe.concurrent('colours', () => {
  const ESCAPE = '\u001b[';
  test.for<[Record<string, string>, boolean]>([
    [{}, false],
    [{ CI: 'true' }, false],
    [{ FORCE_COLOR: '1' }, true],
    [{ FORCE_COLOR: '1', NO_COLOR: '' }, true],
    [{ NO_COLOR: '1' }, false],
    [{ NO_COLOR: '1', FORCE_COLOR: '1' }, false],
  ])('into a pipe, with %j: %s', async ([env, hasColour]) => {
    const { stderr } = await migrate(['chek'], { env });
    expect(stderr.includes(ESCAPE)).toBe(hasColour);
    expect(stderr).toContain('chek');
  });

  test('FORCE_COLOR=0 is off', async () => {
    expect((await migrate(['chek'], { env: { FORCE_COLOR: '0' } })).stderr).not.toContain(ESCAPE);
  });

  test('JSON has none', async () => {
    const { stdout, json } = await migrate(['chek', '--json'], { env: { FORCE_COLOR: '1' } });
    expect(stdout).not.toContain(ESCAPE);
    expect(json()).toMatchObject({ exitCode: 2 });
  });
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
  const body = `console.log('logged'); pgm.createTable('a', { id: 'integer' });
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
  expect((await run('redo --quiet')).stdout).toBe('');
  expect((await run('redo --quiet')).stderr).not.toContain('a warning');
  expect((await run('check --quiet')).stdout).toBe('');
  expect((await run('down nothing --quiet')).stderr).toContain('"nothing"');
});

test('only --verbose prints a stack trace', async () => {
  const root = smallProject(['a'], { 'migrations/0001_a.ts': migration('pgm.nothing();', '') });
  const { url } = await testDatabase({ base: false });
  expect((await call(['up'], { url, root })).stderr).not.toMatch(/^ {4}at /m);
  expect((await call(['up', '--verbose'], { url, root })).stderr).toMatch(/^ {4}at /m);
});

describe('in GitHub Actions', () => {
  const annotations = async (
    line: string,
    files: Parameters<typeof smallProject>[1],
    url: string,
  ) => {
    const env = { GITHUB_ACTIONS: 'true' };
    const { stderr } = await call(words(line), { url, env, root: smallProject(['a'], files) });
    return stderr.split('\n').filter((text) => text.startsWith('::'));
  };

  test('a failure is one annotation of its file, with what GitHub escapes', async () => {
    const { url } = await testDatabase({ base: false });
    expect(await annotations('check', {}, url)).toEqual([]);
    const [effect, file] = ['migrations/schema/0001_a.json', 'migrations/0001_a.ts'];
    expect(await annotations('up', { [effect]: '{ "100%": }' }, url)).toEqual([
      expect.stringMatching(`^::error file=${effect},.*title=migrate::${effect}.*`),
    ]);
    const percent = migration(`throw new Error('100 %\\nof it');`, '');
    expect(await annotations('up', { [file]: percent }, url)).toEqual([
      expect.stringMatching(`^::error file=${file},title=migrate::.*100 %25%0Aof it`),
    ]);
    const differs = { [effect]: { 'public.a': { table: '', 'column id': 'bigint NULL' } } };
    expect(await annotations('up', differs, url)).toEqual([
      expect.stringMatching(/^::error .*title=migrate::.*0001_a.*%0A.*column public\.a\.id/),
    ]);
  });

  test('elsewhere there is none', async () => {
    expect((await call(['chek'])).stderr).not.toContain('::');
  });
});
