import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { call, readReport, report, words } from '../support/call.ts';
import { creates, setUp, stateOf } from '../support/project.ts';
import { nowhere, refused } from './refused.ts';

/** Options as npm passes them on: for `npm run migrate up --name=value`, it sets a variable instead. */
const npm = (line: string, url = nowhere) => ({
  url,
  env: Object.fromEntries(
    words(line).map((option) => {
      const [name = '', value = 'true'] = option.split('=');
      return [name.startsWith('-') ? name.replace('--', 'npm_config_') : name, value];
    }),
  ),
});

test('npm_config_dry_run makes up, down and redo a dry run, or is refused', async () => {
  const { root, url, database } = await setUp(creates('a', 'b'));
  const run = (line: string, options: string) => report(line, { root, ...npm(options, url) });
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

test('`yarn run --dry-run migrate up` of Yarn 1 is a dry run', async () => {
  const { root, url } = await setUp(creates('a'));
  const { outcome } = await report('up', {
    root,
    ...npm('', url),
    env: { npm_config_argv: '{"original":["run","--dry-run","migrate","up"]}' },
  });
  expect(outcome).toBe('planned');
});

/** All words that differ by one typing error: a letter added, removed or replaced, or two swapped. */
function misspellings(word: string): string[] {
  const letters = ['', ...Array.from('abcdefghijklmnopqrstuvwxyz_')];
  const all = Array.from(`${word} `).flatMap((_, at) => {
    const [head, tail] = [word.slice(0, at), word.slice(at)];
    const [first = '', second = ''] = tail;
    const typed = letters.flatMap((letter) => [
      head + letter + tail,
      head + letter + tail.slice(1),
    ]);
    return [...typed, head + second + first + tail.slice(2)];
  });
  return [...new Set(all)].filter((slip) => slip !== word);
}

test('no misspelling of --dry-run runs anything, whether npm keeps it or not', async () => {
  const understood = [];
  for (const slip of misspellings('dry_run')) {
    const option = `--${slip.replaceAll('_', '-')}`;
    for (const value of ['true', 'up']) {
      const kept = await call(['up'], { url: nowhere, env: { [`npm_config_${slip}`]: value } });
      if (kept.code !== 2) understood.push(`${slip}=${value}`);
    }
    if ((await call(['up', option], { url: nowhere })).code !== 2) understood.push(option);
  }
  expect(understood).toEqual([]);
});

/** Options that are refused. The keys are texts that the messages must contain. */
const wrong: Readonly<Record<string, string>> = {
  'did you mean "--dry-run"': '--dryrun --dri_runn --run_dry --dry_run_only=up --dryly',
  'did you mean "--lock-wait"': '--lockwait=5',
  'did you mean "--lock-timeout"': '--lock_timeot=5s',
  'did you mean "--allow-data-loss"': '--allow_dataloss',
  'did you mean "--retries"': '--retrys=3',
  'did you mean "--strict"': '--sttrict',
  'no option "-n"': '--n',
  // npm passes on the value of "--retries 5" as an argument, which must not be taken for a count.
  '--retries': '--retries=x --retries',
  '--lock-wait': '--lock_wait=x --lock_wait',
  '--connect-wait': '--connect_wait=x',
  '--lock-timeout': '--lock_timeout=5 --lock_timeout',
  '--statement-timeout': '--statement_timeout=x',
  // npm takes the word after an option that it does not know as the value of that option: "--strict down".
  '"down"': '--strict=down --allow_data_loss=down',
};
test.for(Object.entries(wrong))('refuses, and says "%s": %j', async ([named, options]) => {
  for (const option of words(options)) {
    const { outcome, error } = await refused('down 5', npm(option));
    expect([option, outcome]).toEqual([option, 'usage']);
    expect(error.message).toContain(named);
  }
});

test('every option works as a variable that npm sets', async () => {
  const { root, url, query } = await setUp(creates('a', 'b'));
  const run = (line: string, options: string) => call(words(line), { root, ...npm(options, url) });
  const { stdout } = await run('up', '--dry_run --lock_timeout=7s --statement_timeout=9min');
  expect(stdout).toMatch(/lock_timeout = '7(000m)?s';\n.* statement_timeout = '(9min|540000ms)';/);
  expect(readReport((await run('up', '--json')).stdout)).toMatchObject({ outcome: 'applied' });
  await query('CREATE INDEX by_id ON a (id); INSERT INTO a VALUES (1)');
  for (const [line, options, code] of [
    ['check', '', 0],
    ['check', '--strict', 6],
    ['down 2', '--lock_wait=5 --connect_wait=1 --retries=2', 7],
    ['down 2', '--allow_data_loss', 0],
  ] as const)
    expect([line, options, (await run(line, options)).code]).toEqual([line, options, code]);
  // npm reads --verbose and --quiet as levels of its own log.
  expect((await run('up 1', '--loglevel=verbose')).stderr).toContain('CREATE TABLE "a"');
  expect((await run('up 1', '--loglevel=warn')).stdout).toBe('');
});

test("options of npm's own do not change what the program does", async () => {
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
