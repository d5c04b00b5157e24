import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { call } from '../support/call.js';
import { smallProject } from '../support/small-project.js';
import { testDatabase } from '../support/test-database.js';
import { nowhere, refused, report, stateOf, words } from './report.js';

/** npm keeps the options of `npm run migrate up --name=value` for itself, and puts them into the environment. */
const npm = (line: string, url = nowhere) => ({
  url,
  env: Object.fromEntries(
    words(line).map((option) => {
      const [name = '', value = 'true'] = option.split('=');
      return [name.startsWith('-') ? name.replace('--', 'npm_config_') : name, value];
    }),
  ),
});

test('npm_config_dry_run makes a dry run of up, down and redo, or is refused', async () => {
  const root = smallProject(['a', 'b']);
  const database = await testDatabase({ base: false });
  const run = (line: string, options: string) =>
    report(line, { root, ...npm(options, database.url) });
  await run('up 1', '');
  const before = await stateOf(database);
  const others = ['NPM_CONFIG_DRY_RUN', 'npm_config_dry-run', 'npm_config_DRY_RUN'];
  for (const variable of ['npm_config_dry_run', ...others])
    expect([variable, (await run('up', variable)).outcome]).toEqual([variable, 'planned']);
  for (const line of ['down', 'redo', 'up --dry-run', 'up 1 --allow-data-loss', 'down 9 --quiet'])
    expect([line, (await run(line, '--dry_run')).outcome]).toEqual([line, 'planned']);
  for (const value of ['1', 'TRUE', 'yes', 'up', '3'])
    expect((await run('up', `--dry_run=${value}`)).error?.code).toBe('npm-option');
  expect(await stateOf(database)).toEqual(before);
  // npm writes an empty value for --no-dry-run.
  for (const value of ['', 'false'])
    expect((await run('redo', `--dry_run=${value}`)).outcome).toBe('applied');
});

/** Everything that one slip of the finger makes of a word. */
function slips(word: string): string[] {
  const letters = 'abcdefghijklmnopqrstuvwxyz_'.split('');
  const all = Array.from(`${word} `).flatMap((_, at) => {
    const [head, tail] = [word.slice(0, at), word.slice(at)];
    const [first = '', second = ''] = tail;
    return [
      head + tail.slice(1),
      head + second + first + tail.slice(2),
      ...letters.flatMap((letter) => [head + letter + tail, head + letter + tail.slice(1)]),
    ];
  });
  return [...new Set(all)].filter((slip) => slip !== word);
}

test('no misspelling of --dry-run runs anything, whether npm keeps it or not', async () => {
  const understood = [];
  for (const slip of slips('dry_run')) {
    const option = `--${slip.replaceAll('_', '-')}`;
    for (const value of ['true', 'up']) {
      const kept = await call(['up'], { url: nowhere, env: { [`npm_config_${slip}`]: value } });
      if (kept.code !== 2) understood.push(`${slip}=${value}`);
    }
    if ((await call(['up', option], { url: nowhere })).code !== 2) understood.push(option);
  }
  expect(understood).toEqual([]);
});

test.for([
  ['--dryrun', '--dry-run'],
  ['--dry_rum', '--dry-run'],
  ['--dri_runn', '--dry-run'],
  ['--run_dry', '--dry-run'],
  ['--dry_run_only=up', '--dry-run'],
  ['--drylyrun', '--dry-run'],
  ['--lockwait=5', '--lock-wait'],
  ['--lock_timeot=5s', '--lock-timeout'],
  ['--allow_dataloss', '--allow-data-loss'],
  ['--statement_timout=5s', '--statement-timeout'],
  ['--retrys=3', '--retries'],
  ['--sttrict', '--strict'],
  ['--conect_wait=3', '--connect-wait'],
])('refuses %s, which is nearly %s', async ([option = '', meant = '']) => {
  const { exitCode, error } = await refused(['up'], npm(option));
  expect([exitCode, error.code]).toEqual([2, 'npm-option']);
  expect(error.message).toContain(meant);
});

test.for([
  ['--lock_wait=x', '--lock-wait'],
  ['--connect_wait=x', '--connect-wait'],
  ['--retries=x', '--retries'],
  ['--lock_timeout=5', '--lock-timeout'],
  ['--statement_timeout=x', '--statement-timeout'],
  // npm leaves the value of "--retries 5" as a word of its own, which must not be taken for a count.
  ['--retries', '--retries'],
  ['--lock_timeout', '--lock-timeout'],
  // npm takes the word after an option that it does not know for its value: "--strict down".
  ['--strict=down', '"down"'],
  ['--allow_data_loss=down', '"down"'],
])('refuses %s, because the value is wrong', async ([option = '', named = '']) => {
  const { exitCode, error } = await refused(['down', '5'], npm(option));
  expect(exitCode).toBe(2);
  expect(error.message).toContain(named);
});

test('every option works in the spelling of npm', async () => {
  const root = smallProject(['a', 'b']);
  const database = await testDatabase({ base: false });
  const { url, query } = database;
  const run = (line: string, options: string) => call(words(line), { root, ...npm(options, url) });
  const { stdout } = await run('up', '--dry_run --lock_timeout=7s --statement_timeout=9min');
  expect(stdout).toMatch(/lock_timeout = '7(000m)?s';\n.* statement_timeout = '(9min|540000ms)';/);
  expect((await run('up', '--json')).json()).toMatchObject({ outcome: 'applied' });
  await query('CREATE INDEX by_id ON a (id); INSERT INTO a VALUES (1)');
  expect(await run('check', '')).toMatchObject({ code: 0 });
  expect(await run('check', '--strict')).toMatchObject({ code: 6 });
  expect(await run('down 2', '')).toMatchObject({ code: 7 });
  const session = await database.connect();
  await session.query('SELECT pg_advisory_lock(7241865325823964)');
  const locked = await run('down 2', '--lock_wait=0 --allow_data_loss');
  expect(locked).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('within 0 s') as string,
  });
  await session.query('SELECT pg_advisory_unlock_all(); BEGIN; LOCK TABLE b');
  const blocked = await run('down', '--retries=0 --lock_timeout=50ms');
  expect(blocked).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('1 attempt;') as string,
  });
  await session.query('ROLLBACK');
  expect(await run('down 2', '--allow_data_loss')).toMatchObject({ code: 0 });
  // npm reads --verbose and --quiet as levels of its own log.
  expect((await run('up 1', '--loglevel=verbose')).stderr).toContain('CREATE TABLE "a"');
  expect((await run('up 1', '--loglevel=warn')).stdout).toBe('');
});

test("options of npm's own change nothing", async () => {
  const list = execFileSync('npm', ['config', 'ls', '-l', '--json'], { encoding: 'utf8' });
  const ours = ['dry-run', 'json', 'version', 'loglevel'];
  const names = Object.keys(JSON.parse(list) as object).filter((name) => !ours.includes(name));
  expect(names.length).toBeGreaterThan(50);
  for (const name of names)
    for (const value of ['true', 'x']) {
      const variable = `npm_config_${name.replaceAll('-', '_')}`;
      const { code } = await call(['up'], { url: nowhere, env: { [variable]: value } });
      expect([name, code]).toEqual([name, 3]);
    }
});
