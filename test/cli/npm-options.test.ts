import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Database } from '../support/database.js';
import { migrate, npmMigrate } from '../support/migrate.js';
import { createDatabase } from '../support/test-database.js';

let database: Database;
beforeAll(async () => {
  database = await createDatabase();
  expect(await migrate(['up'], { url: database.url })).toMatchObject({ code: 0 });
});
afterAll(() => database.drop());

const words = (line: string) => line.split(' ');
const run = (line: string, env: Record<string, string> = {}) => npmMigrate(words(line), { url: database.url, env });

/** A home folder whose .npmrc says this. */
function home(npmrc: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'home-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  writeFileSync(join(folder, '.npmrc'), npmrc);
  return folder;
}

describe('npm keeps an option for itself, and it arrives all the same', () => {
  test.for([
    ['--lock-wait=x', '--lock-wait takes a number of seconds, and "x" is none'],
    ['--connect-wait=x', '--connect-wait takes a number of seconds, and "x" is none'],
    ['--retries=x', '--retries takes a number, and "x" is none'],
    [
      '--lock-timeout=5',
      '--lock-timeout takes a duration with its unit (ms, s, min, h; up to 596h) or "none", and "5" is neither',
    ],
    [
      '--statement-timeout=x',
      '--statement-timeout takes a duration with its unit (ms, s, min, h; up to 596h) or "none", and "x" is neither',
    ],
    ['--lock-wait', '--lock-wait needs a value'],
    [
      '--strict=down',
      'npm took "down" for the value of --strict, so that it did not arrive as a word; nothing was run',
    ],
  ])('down %s is refused: the value is looked at', async ([option, message]) => {
    const result = await run(`down ${option}`);
    expect(result.code).toBe(2);
    expect(result.stderr.split('\n\n')[0]).toBe(`failed: ${message}`);
    expect(await database.query('SELECT name FROM pgmigrations')).toHaveLength(5);
  });

  test('a value that came apart from its option is not taken for a count', async () => {
    const result = await run('down --lock-wait 5');
    expect(result).toMatchObject({ code: 2, stderr: expect.stringContaining('--lock-wait needs a value') as string });
    expect(await database.query('SELECT name FROM pgmigrations')).toHaveLength(5);
  });

  test('--lock-timeout=7s --statement-timeout=9min', async () => {
    const { stdout } = await run(
      'down --dry-run --lock-timeout=7s --statement-timeout=9min down 2'.replace('down 2', '2'),
    );
    expect(stdout).toContain("lock_timeout = '7s';\nSET LOCAL statement_timeout = '9min';");
  });

  test('--json', async () => {
    expect((await run('check --json')).json()).toMatchObject({ outcome: 'matches' });
    expect((await run('--json check')).json()).toMatchObject({ outcome: 'matches' });
  });

  test('--strict', async () => {
    await database.query('CREATE INDEX by_name ON user_workflows (name)');
    expect(await run('check')).toMatchObject({ code: 0 });
    expect(await run('check --strict')).toMatchObject({ code: 6 });
    await database.query('DROP INDEX by_name');
  });

  test('--allow-data-loss', async () => {
    expect((await run('plan down 5')).stdout).toContain("RAISE EXCEPTION 'this would delete data");
    expect((await run('plan down 5 --allow-data-loss')).stdout).not.toContain('this would delete data');
  });

  test('--quiet and --verbose, which npm takes for levels of its log', async () => {
    // At these levels npm itself says which script it runs.
    expect((await run('check --quiet')).stdout.split('\n').filter((line) => !/^(>.*)?$/.test(line))).toEqual([]);
    expect((await run('down nonsense --verbose')).stderr).toMatch(/\n {4}at /);
    expect((await run('down nonsense')).stderr).not.toMatch(/\n {4}at /);
  });
});

describe('npm keeps an option that is none, and nothing is run', () => {
  test.for([
    ['--dryrun', '--dry-run'],
    ['--dri-run', '--dry-run'],
    ['--dry-rum=true', '--dry-run'],
    ['--lockwait=5', '--lock-wait'],
    ['--allow-dataloss', '--allow-data-loss'],
    ['--plan', '--dry-run'],
    ['--what-if', undefined],
    ['--to=0003', undefined],
    ['--all', undefined],
  ])('%s', async ([option = '', meant]) => {
    const name = option.split('=')[0] ?? '';
    for (const line of [`down ${option}`, `${option} down`]) {
      const result = await run(line);
      expect(result).toMatchObject({ code: 2, stdout: '' });
      expect(result.stderr)
        .toBe(`failed: npm kept the option "${name}" for itself, and there is none of that name; nothing was run${meant === undefined ? '' : `; did you mean "${meant}"?`}

Options after a second -- reach the program as they are:  npm run migrate -- up --dry-run
`);
    }
    expect(await database.query('SELECT name FROM pgmigrations')).toHaveLength(5);
  });

  test.for(['down --dryrun', '--dri-run down'])('nor where the words arrive as they are: %s', async (line) => {
    const result = await run(`-- ${line}`);
    expect(result.code).toBe(2);
    expect(result.stderr).toContain('; nothing was run; did you mean "--dry-run"?');
  });
});

describe('what nobody typed is not taken for typed', () => {
  test('a key that npm does not know, in an .npmrc or exported before npm ran', async () => {
    const HOME = home(
      'dryrun=true\nmy-own_key=5\n; a comment\n//registry.example.com/:_authToken=x\n@scope:registry=https://x\n',
    );
    expect(await run('check', { HOME })).toMatchObject({ code: 0 });
    expect(await run('check', { npm_config_dryrun: 'true', NPM_CONFIG_MY_KEY: '5' })).toMatchObject({ code: 0 });
  });

  test("npm's own options", async () => {
    for (const option of [
      '--force',
      '--yes',
      '--foreground-scripts',
      '--loglevel=error',
      '--fund=false',
      '--registry=http://x',
    ])
      expect(await run(`check ${option}`)).toMatchObject({ code: 0 });
  });

  test('the level of the log, in an .npmrc, makes the program neither silent nor loud', async () => {
    for (const level of ['warn', 'verbose']) {
      // --silent would be the last word on the level.
      const env = {
        npm_config_loglevel: level,
        npm_lifecycle_event: 'migrate',
        npm_config_user_agent: 'npm/11',
        HOME: home(`loglevel=${level}\n`),
      };
      const result = await migrate(['check'], {
        url: database.url,
        env: { ...env, npm_config_userconfig: join(env.HOME, '.npmrc') },
      });
      expect(result.stdout).toContain('ok  the schema is what 0005_index-workflow-executions leaves behind');
    }
  });
});
