import { join } from 'node:path';
import { expect, test } from 'vitest';
import { words } from '../support/call.ts';
import { npmScript, startProgram } from '../support/migrate.ts';
import { creates, setUp, stateOf } from '../support/project.ts';

type Case = [line: string, exitCode: number, text: string | RegExp, env?: Record<string, string>];
const PLAN = /^-- What would run on database .*\n-- psql can run this script once, /;

test('through npm, no dry run writes, and each option works or is refused', async () => {
  const { root, url, run, database } = await setUp({
    ...creates('a', 'b'),
    'package.json': { type: 'module', scripts: { migrate: npmScript } },
    '.node-pg-migraterc.json': {},
    'home/.npmrc': 'dry-run=true\nmy-own_key=5\n@scope:registry=https://x\n',
  });
  await run('up 1');
  const before = await stateOf(database);
  const version = await startProgram('npm', ['--version'], {}).finished;
  const isNpm12 = Number.parseInt(version.stdout, 10) >= 12;
  const cases: Case[] = [
    ['up --dry-run', 0, PLAN],
    ['--dry-run up', 0, PLAN],
    ['up -- --dry-run', 0, PLAN],
    ['up -dry-run', 0, PLAN],
    ['--dry_run -- up 1', 0, PLAN],
    ['up', 0, PLAN, { NPM_CONFIG_DRY_RUN: 'true' }],
    ['up', 0, PLAN, { HOME: join(root, 'home') }],
    ['redo --dry-run', 0, PLAN],
    ['up --dryrun', 2, 'did you mean "--dry-run"'],
    ['--dryRun up', 2, 'did you mean "--dry-run"'],
    ['check --json', 0, '"outcome":"matches"'],
    ['-- down nonsense --json', 2, /^\{.*\}\nusage: "nonsense" is not/], // One object, then stderr.
    ['check --force --yes --loglevel=error --fund=false --registry=http://x', 0, 'ok'],
    ['down nonsense --verbose', 2, '\n    at '],
  ];
  const check = async ([line, exitCode, text, env = {}]: Case) => {
    const argv = ['run', '--silent', 'migrate', ...words(line)];
    const npm = startProgram('npm', argv, { url, cwd: root, env });
    const { code, stdout, stderr } = await npm.finished;
    // npm 12 refuses an option that it does not know, unless it comes after `--`. With --silent, it prints nothing.
    if (isNpm12 && /^[^-]*--dry(run|Run|_run)\b/.test(line)) {
      expect([line, code, stdout, stderr]).toEqual([line, 1, '', '']);
      return;
    }
    expect(stdout + stderr, line).toMatch(text);
    expect([line, code]).toEqual([line, exitCode]);
  };
  await Promise.all(cases.map(check));
  expect(await stateOf(database)).toEqual(before);
});
