import { cpSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { startProgram } from '../support/migrate.ts';
import { temporaryFolder, write } from '../support/project.ts';
import { root } from '../support/root.ts';
import { testAll } from '../support/test-all.ts';
import { testDatabase } from '../support/test-database.ts';

const notCopied = ['node_modules', 'dist', '.git', '.cache', '.postgres', '.env'];

/** The text of the migration. Its number is in all names, since the project may have such a table already. */
const written = (number: string) => `import type { MigrationBuilder } from 'node-pg-migrate';

const table = { schema: 'public', name: 'workflow_tags_${number}' };
const executions = { schema: 'public', name: 'workflow_executions' };
const column = 'priority_${number}';
const workflows = { schema: 'public', name: 'user_workflows' };

/** Words by which users find their workflows. */
export function up(pgm: MigrationBuilder): void {
  pgm.createTable(
    table,
    {
      workflow_id: { type: 'uuid', notNull: true, references: workflows, onDelete: 'CASCADE' },
      tag: { type: 'varchar(50)', notNull: true, check: 'length(tag) BETWEEN 1 AND 50' },
    },
    { ifNotExists: true, constraints: { primaryKey: ['workflow_id', 'tag'] } },
  );
  pgm.createIndex(table, 'tag', { name: 'idx_workflow_tags_${number}', ifNotExists: true });
  pgm.addColumns(executions, { [column]: { type: 'integer', default: 0 } }, { ifNotExists: true });
}

export function down(pgm: MigrationBuilder): void {
  pgm.dropColumns(executions, column);
  pgm.dropTable(table);
}
`;

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
  write(copy, { [`migrations/${name}.ts`]: written(number), '.env': `DATABASE_URL=${url}\n` });
  expect(await npm('snapshot')).toContain(`migrations/schema/${name}.json`);
  expect(await npm('up')).toContain(name);
  expect(await npm('redo')).toContain(name);
  if (!testAll) return;
  for (const tool of ['prettier --write migrations', 'eslint migrations', 'tsc'])
    await run(`npx ${tool}`);
  await run('npx vitest run test/migrations test/check test/run test/cli');
}, 1_800_000);
