import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Database } from '../support/database.js';
import { migrate, npmMigrate, type Result } from '../support/migrate.js';
import { createDatabase } from '../support/test-database.js';

/** Nothing of this may ever be applied. */
let empty: Database;
/** All of this is applied, and may not be reverted. */
let full: Database;
beforeAll(async () => {
  [empty, full] = await Promise.all([createDatabase(), createDatabase()]);
  expect(await migrate(['up'], { url: full.url })).toMatchObject({ code: 0 });
});
afterAll(() => Promise.all([empty, full].map((database) => database.drop())));

const words = (line: string) => line.split(' ');
const expectDryRun = async (result: Result) => {
  expect(result).toMatchObject({ code: 0, stdout: expect.stringMatching(/^-- What would run on database/) as string });
  expect(result.stdout).toContain('0001_create-workflow-templates');
  expect(await empty.query("SELECT to_regclass('public.pgmigrations') AS made")).toEqual([{ made: null }]);
};

/** A home folder whose .npmrc says this. */
function home(npmrc: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'home-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  writeFileSync(join(folder, '.npmrc'), npmrc);
  return folder;
}

describe('a dry run is a dry run', () => {
  test.for([
    'up --dry-run',
    '-- up --dry-run',
    'up -- --dry-run',
    '--dry-run up',
    '-- --dry-run up',
    'up --dry-run=true',
    '-- up --dry-run=true',
    'up --DRY-RUN',
    'up --dry_run',
    'up --dry',
    '--dry-run -- up 5',
  ])('npm run migrate %s', async (line) => {
    await expectDryRun(await npmMigrate(words(line), { url: empty.url }));
  });

  test.for(['npm_config_dry_run', 'NPM_CONFIG_DRY_RUN'])('%s=true was exported', async (name) => {
    await expectDryRun(await npmMigrate(['up'], { url: empty.url, env: { [name]: 'true' } }));
  });

  test('dry-run=true in an .npmrc', async () => {
    await expectDryRun(await npmMigrate(['up'], { url: empty.url, env: { HOME: home('dry-run=true\n') } }));
  });

  test.for(['up --dry-run', '-- up --dry-run', '--dry-run up', 'up -- --dry-run'])(
    'yarn and pnpm hand on the words as they are: run migrate %s',
    async (line) => {
      const env = { npm_lifecycle_event: 'migrate', npm_config_user_agent: 'pnpm/9.0.0 npm/? node/v20' };
      await expectDryRun(await migrate(words(line), { url: empty.url, env }));
    },
  );

  test.for(['down --dry-run', '--dry-run down', 'redo 2 --dry-run', '-- redo --dry-run'])(
    'npm run migrate %s reverts nothing',
    async (line) => {
      const result = await npmMigrate(words(line), { url: full.url });
      expect(result).toMatchObject({ code: 0, stdout: expect.stringContaining('-- revert 0005') as string });
      expect(await full.query('SELECT name FROM pgmigrations')).toHaveLength(5);
    },
  );
});
