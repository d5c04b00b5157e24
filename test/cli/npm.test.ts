import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../support/database.js';
import { npmMigrate } from '../support/migrate.js';
import { write } from '../support/project.js';
import { makesTable } from '../support/small-project.js';
import { root } from '../support/root.js';
import { createDatabase } from '../support/test-database.js';
import { report, stateOf, words } from './report.js';

/** `npm run migrate`, by npm itself: what arrives of the options depends on it. */

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: { migrate: string };
};
const project = mkdtempSync(join(tmpdir(), 'npm-'));
const home = join(project, 'home');
let database: Database;
let before: unknown[];

beforeAll(async () => {
  write(project, {
    'package.json': {
      type: 'module',
      scripts: { migrate: scripts.migrate.replaceAll(/(\.\/)?scripts\//g, `${root}scripts/`) },
    },
    '.node-pg-migraterc.json': {},
    'migrations/schema/0000_prerequisites.json': {},
    ...makesTable('0001', 'a'),
    ...makesTable('0002', 'b'),
    'home/.npmrc': 'dry-run=true\nmy-own_key=5\n@scope:registry=https://x\n',
  });
  database = await createDatabase({ base: false });
  await report('up 1', { root: project, url: database.url });
  before = await stateOf(database);
});
afterAll(async () => {
  rmSync(project, { recursive: true });
  await database.drop();
});

const run = (line: string, env: Record<string, string> = {}) =>
  npmMigrate(words(line), { url: database.url, cwd: project, env });

describe.concurrent('a dry run writes nothing', () => {
  test.for<[string, Record<string, string>?]>([
    ['up --dry-run'],
    ['--dry-run up'],
    ['up -- --dry-run'],
    ['up -dry-run'],
    ['--dry_run -- up 1'],
    ['up', { NPM_CONFIG_DRY_RUN: 'true' }],
    ['up', { HOME: home }],
    ['redo --dry-run'],
  ])('npm run migrate %s', async ([line, env]) => {
    const { code, stdout } = await run(line, env);
    expect(stdout).toMatch(/^-- What would run on database/);
    expect(code).toBe(0);
    expect(await stateOf(database)).toEqual(before);
  });
});

describe.concurrent('what npm leaves of an option is refused, or understood', () => {
  test.for<[string, number, string]>([
    ['up --dryrun', 2, 'did you mean "--dry-run"'],
    ['--dryRun up', 2, 'did you mean "--dry-run"'],
    ['check --json', 0, '"outcome":"matches"'],
    ['check --force --yes --loglevel=error --fund=false --registry=http://x', 0, 'ok'],
    ['down nonsense --verbose', 2, '\n    at '],
  ])('npm run migrate %s', async ([line, exitCode, text]) => {
    const { code, stdout, stderr } = await run(line);
    expect(stdout + stderr).toContain(text);
    expect(code).toBe(exitCode);
    expect(await stateOf(database)).toEqual(before);
  });
});
