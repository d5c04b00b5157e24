import { cpSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { startProgram } from '../support/migrate.ts';
import { temporaryFolder, write } from '../support/project.ts';
import { root, textOf } from '../support/root.ts';
import { testAll } from '../support/test-all.ts';
import { testDatabase } from '../support/test-database.ts';

const notCopied = ['node_modules', 'dist', '.git', '.cache', '.postgres', '.env'];

test(`a migration can be added as the README says${testAll ? ', and all tests pass' : ''}`, async () => {
  const copy = temporaryFolder();
  cpSync(root, copy, { recursive: true, filter: (path) => !notCopied.includes(basename(path)) });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const { url } = await testDatabase();
  /** The copy's own tests use the server of this test run. */
  const env = { TEST_POSTGRES: inject('server').url, CI: process.env['CI'] ?? '' };
  const run = async (line: string, url?: string) => {
    const [file = '', ...args] = line.split(' ');
    const program = startProgram(file, args, { cwd: copy, env, url });
    const { code, stdout, stderr } = await program.finished;
    expect(code, `${line}\n${stdout}${stderr}`).toBe(0);
    return stdout;
  };
  const npm = (line: string) => run(`npm run --silent migrate ${line}`, url);
  const created = await npm('create add-workflow-tags');
  const [name = '', number = ''] = /(\d+)_add-workflow-tags/.exec(created) ?? [];
  // The number is in all names of the migration, since the project may have such a table already.
  const text = textOf('test/cli/workflow-tags.txt').replaceAll('NUMBER', number);
  write(copy, { [`migrations/${name}.ts`]: text, '.env': `DATABASE_URL=${url}\n` });
  expect(await npm('snapshot')).toContain(`migrations/schema/${name}.json`);
  expect(await npm('up')).toContain(name);
  expect(await npm('redo')).toContain(name);
  if (!testAll) return;
  for (const tool of ['prettier --write migrations', 'eslint migrations', 'tsc'])
    await run(`npx ${tool}`);
  await run('npx vitest run test/migrations test/check test/run test/cli');
}, 1_800_000);
