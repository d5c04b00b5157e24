import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { npmMigrate } from '../support/migrate.ts';
import { root as repository } from '../support/root.ts';
import { setUp, stateOf, words } from './report.ts';

const manifest = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as {
  scripts: { migrate: string };
};
const migrate = manifest.scripts.migrate.replaceAll(/(\.\/)?scripts\//g, `${repository}scripts/`);
type Case = [line: string, exitCode: number, text: string | RegExp, env?: Record<string, string>];
const PLAN = /^-- What would run on database/;

test('through npm, no dry run writes, and each option works or is refused', async () => {
  const { root, url, run, database } = await setUp(['a', 'b'], {
    'package.json': { type: 'module', scripts: { migrate } },
    '.node-pg-migraterc.json': {},
    'home/.npmrc': 'dry-run=true\nmy-own_key=5\n@scope:registry=https://x\n',
  });
  await run('up 1');
  const before = await stateOf(database);
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
    ['-- down nonsense --json', 2, /^\{.*\}\nfailed: there is no migration/], // One object, then stderr.
    ['check --force --yes --loglevel=error --fund=false --registry=http://x', 0, 'ok'],
    ['down nonsense --verbose', 2, '\n    at '],
  ];
  const check = async ([line, exitCode, text, env = {}]: Case) => {
    const { code, stdout, stderr } = await npmMigrate(words(line), { url, cwd: root, env });
    expect(stdout + stderr, line).toMatch(text);
    expect([line, code]).toEqual([line, exitCode]);
  };
  await Promise.all(cases.map(check));
  expect(await stateOf(database)).toEqual(before);
});
