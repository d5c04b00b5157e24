import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { redact } from '../../scripts/report/errors.ts';
import { call, report } from '../support/call.ts';
import { sources, start, startProgram, type RunOptions } from '../support/migrate.ts';
import { creates, migration, setUp, sqlStep, temporaryFolder, write } from '../support/project.ts';
import { root } from '../support/root.ts';
import { PASSWORD, refused } from './refused.ts';

test.concurrent.for<[boolean, Record<string, string>]>([
  [false, { CI: 'true' }],
  [true, { FORCE_COLOR: '1', NO_COLOR: '' }],
  [false, { FORCE_COLOR: '0' }],
  [false, { NO_COLOR: '1', FORCE_COLOR: '1' }],
])('colours on stderr in a pipe: %s with %j; never on stdout', async ([hasColour, env]) => {
  const { stdout, stderr, json } = await start(['chek', '--json'], { env }).finished;
  expect([stdout, stderr].map((text) => text.includes('\u001b['))).toEqual([false, hasColour]);
  expect(json()).toMatchObject({ exitCode: 2 });
});

/** Starts the program with a full disk as stdout. */
const intoFullDisk = (argv: readonly string[], options: RunOptions = {}) => {
  const shell = ['-c', 'exec "$@" > /dev/full', 'sh', process.execPath, ...sources, ...argv];
  return startProgram('sh', shell, options).finished;
};

describe('stdout', () => {
  test('if its reader ends, the run goes on to its end', async () => {
    const { root: cwd, url, query } = await setUp(creates('a', 'b'));
    const { child, finished } = start(['up', '--verbose'], { url, cwd });
    child.stdout.destroy();
    child.stderr.destroy();
    expect(await finished).toMatchObject({ code: 0, signal: null });
    expect(await query('SELECT FROM pgmigrations')).toHaveLength(2);
  });

  test('if the disk is full, plan fails, since its script is cut off', async () => {
    const { root: cwd, url } = await setUp(creates('a'));
    const { code, stderr } = await intoFullDisk(['plan'], { url, cwd });
    expect(code).toBe(1);
    expect(stderr).toContain('ENOSPC');
  });

  test('if nothing can be written, the program says so once', async () => {
    const { code, stderr } = await intoFullDisk(['chek', '--json']);
    expect([code, stderr.match(/ENOSPC/g)]).toEqual([2, ['ENOSPC']]);
  });

  test('if its reader begins late, it gets all of the output, not only what a pipe can buffer', async () => {
    const long = migration(`pgm.sql("SELECT '" + 'x'.repeat(1_000_000) + "'");`);
    const { root: cwd, url } = await setUp({ ...creates('a'), 'migrations/0001_a.ts': long });
    const { child, finished } = start(['plan', '--json'], { url, cwd });
    child.stdout.pause();
    setTimeout(() => child.stdout.resume(), 1500);
    const { code, json } = await finished;
    expect(code).toBe(0);
    expect(json().output).toContain('x'.repeat(1_000_000));
  });
});

test('the program starts if the cache of compiled files cannot be used, and uses none in /tmp', async () => {
  const folder = temporaryFolder();
  const cache = join(folder, 'node_modules/.cache/ts-node');
  mkdirSync(cache, { recursive: true });
  for (const name of ['ts-node', 'typescript'])
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  for (const name of ['scripts/ts-node.cjs', 'tsconfig.json'])
    cpSync(join(root, name), join(folder, name), { recursive: true });
  const source = `console.log('hello' as string, process.env.JITI_FS_CACHE);`;
  write(folder, { 'hello.ts': source, 'package.json': {} });
  const args = ['scripts/ts-node.cjs', 'hello.ts'];
  const env = { TMPDIR: temporaryFolder() }; // Other users may write there.
  const hello = () => startProgram(process.execPath, args, { cwd: folder, env }).finished;
  expect(await hello()).toMatchObject({ stdout: 'hello undefined\n', code: 0 });
  const [file = ''] = readdirSync(cache);
  rmSync(join(cache, file));
  mkdirSync(join(cache, file)); // Nobody can read it as a file, not even root.
  expect(await hello()).toMatchObject({ stdout: 'hello false\n', code: 0 });
  expect(readdirSync(env.TMPDIR)).toEqual([]);
});

test('the program starts with --no-deprecation, which makes a property of `process` read-only', async () => {
  const { finished } = start(['help'], { env: { NODE_OPTIONS: '--no-deprecation' } });
  expect(await finished).toMatchObject({ code: 0, stderr: '' });
});

test('what a migration prints, its warnings, and with --verbose its notices, go to stderr', async () => {
  const body = `if (!process.env.VITEST) console.log('logged'); pgm.createTable('a', { id: 'integer' });
    pgm.sql("DO $$ BEGIN RAISE WARNING 'a warning: PGPASSWORD=x'; RAISE NOTICE 'a notice'; END $$");`;
  const text = migration(body, `pgm.dropTable('a');`);
  const { root, url, print } = await setUp({ ...creates('a'), 'migrations/0001_a.ts': text });
  const up = await start(['up', '--json'], { url, cwd: root }).finished;
  expect(up.json()).toMatchObject({ outcome: 'applied' });
  expect(up.stderr).toMatch(/^(logged\n)+WARNING: a warning: PGPASSWORD=\*\*\*\n$/);
  expect(up.stderr).not.toContain('a notice');
  expect((await print('redo --verbose')).stderr).toMatch(
    /\nDROP TABLE "a"[^]*\nCREATE TABLE "a"[^]*\nWARNING: a warning.*\nNOTICE: a notice\nINSERT INTO /,
  );
  for (const line of ['redo --quiet', 'check --quiet']) {
    const { code, stdout, stderr } = await print(line);
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).not.toContain('WARN');
  }
  expect((await print('down nothing --quiet')).stderr).toContain('"nothing"');
});

test('no output has the password of a statement that fails, or a control character', async () => {
  const sql = `ALTER ROLE "no\u001b[2J\u009b2J" PASSWORD\r\n 'it''s ${PASSWORD}'`;
  const { root, url } = await setUp(sqlStep('0001_a', {}, sql));
  const { error } = await refused('up', { root, url });
  expect(error.message).toContain(`ALTER ROLE "no?[2J?2J" PASSWORD\r\n   ***`);
});

test('redact hides a whole password, even if it is cut off, and takes a text of any length', () => {
  expect(redact(`PASSWORD 'it''s\nblocked by: x`)).toBe('PASSWORD ***\nblocked by: x');
  expect(redact(`PGPASSWORD='it is\nx`)).toBe('PGPASSWORD=***\nx');
  expect(redact(`PASSWORD $pga$it is$pga$ LOGIN`)).toBe('PASSWORD *** LOGIN'); // See pgm.createRole().
  expect(redact(`EXECUTE 'ALTER ROLE a PASSWORD ''it is''';`)).toBe(
    `EXECUTE 'ALTER ROLE a PASSWORD ***';`,
  );
  const size = 20_000_000;
  expect(redact(`'password ', ${'x'.repeat(size)}`).length).toBeLessThan(size);
});

test('in GitHub Actions, a failure is one annotation of its file, escaped as GitHub requires', async () => {
  const [effect, file] = ['migrations/schema/0001_a.json', 'migrations/0001_a.ts'];
  const bigint = { 'public.a': { table: '', 'column id': 'bigint NULL' } };
  for (const [files, annotation] of [
    [{ [effect]: '{ "100%": }' }, `^::error file=${effect},.*title=migrate::${effect}.*`],
    [
      { [file]: migration(`throw new Error('100 %\\nof it');`) },
      `^::error file=${file},title=migrate::.*100 %25%0Aof it`,
    ],
    [{ [effect]: bigint }, `^::error .*title=migrate::.*0001_a.*%0A.*column public.a.id`],
  ] as const) {
    const { root, url, print } = await setUp({ ...creates('a'), ...files });
    const { stderr } = await call(['up'], { root, url, env: { GITHUB_ACTIONS: 'true' } });
    const annotations = stderr.split('\n').filter((text) => text.startsWith('::'));
    expect(annotations).toEqual([expect.stringMatching(annotation)]);
    expect((await print('up')).stderr).not.toContain('::error');
  }
});

test('a line break in the name of the database does not end the comment of a plan', async () => {
  const { database, root: folder } = await setUp(creates('a'));
  const name = `${database.name}\nDROP TABLE a; --`;
  await database.query(`CREATE DATABASE "${name}"`);
  const { hostname, port, username, password } = new URL(database.url);
  const server = { PGHOST: hostname, PGPORT: port, PGUSER: username, PGPASSWORD: password };
  const { output } = await report('plan', { env: { ...server, PGDATABASE: name }, root: folder });
  await database.query(`DROP DATABASE "${name}" WITH (FORCE)`);
  expect(output).toContain('\n-- DROP TABLE a; --');
});
