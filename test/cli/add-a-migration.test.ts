import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, expect, inject, test } from 'vitest';
import { testAll } from '../support/everything.js';
import { startProgram } from '../support/migrate.js';
import { write } from '../support/project.js';
import { root } from '../support/root.js';
import { testDatabase } from '../support/test-database.js';

/** A copy of this repository, in which somebody adds a migration as the README says (issue 22 K). */
const copy = mkdtempSync(join(tmpdir(), 'copy-'));
afterEach(() => {
  rmSync(copy, { recursive: true, force: true });
});

const left = ['node_modules', 'dist', '.git', '.cache', '.postgres', '.env'];
/** What the tests run on: the server that is already there. */
const env = { TEST_POSTGRES: inject('server').url, CI: process.env['CI'] ?? '' };
const run = async (file: string, args: readonly string[], url?: string) => {
  const { code, stdout, stderr } = await startProgram(file, args, { cwd: copy, env, url }).finished;
  expect(code, `${file} ${args.join(' ')}\n${stdout}${stderr}`).toBe(0);
  return stdout;
};

/** With its number in all names: the team may have added a table of tags itself. */
const written = (number: string) => `import type { MigrationBuilder } from 'node-pg-migrate';

const table = { schema: 'public', name: 'workflow_tags_${number}' };

/** Words by which users find their workflows. */
export function up(pgm: MigrationBuilder): void {
  pgm.createTable(
    table,
    {
      workflow_id: { type: 'uuid', notNull: true, references: { schema: 'public', name: 'user_workflows' }, onDelete: 'CASCADE' },
      tag: { type: 'varchar(50)', notNull: true, check: 'length(tag) BETWEEN 1 AND 50' },
    },
    { ifNotExists: true, constraints: { primaryKey: ['workflow_id', 'tag'] } },
  );
  pgm.createIndex(table, 'tag', { name: 'idx_workflow_tags_${number}', ifNotExists: true });
}

export function down(pgm: MigrationBuilder): void {
  pgm.dropTable(table);
}
`;

test(`created, written, snapshot${testAll ? ', and all tests pass' : ''}`, async () => {
  const { url } = await testDatabase();
  cpSync(root, copy, { recursive: true, filter: (path) => !left.includes(basename(path)) });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const npm = (line: string) => run('npm', ['run', '--silent', 'migrate', ...line.split(' ')], url);
  const created = await npm('create add-workflow-tags');
  const [name = '', number = ''] = /(\d+)_add-workflow-tags/.exec(created) ?? [];
  write(copy, { [`migrations/${name}.ts`]: written(number), '.env': `DATABASE_URL=${url}\n` });
  expect(await npm('snapshot')).toContain(`migrations/schema/${name}.json`);
  expect(await npm('up')).toContain(name);
  expect(await npm('redo')).toContain(name);
  if (!testAll) return;
  for (const tool of ['prettier --write', 'eslint'])
    await run('npx', [...tool.split(' '), 'migrations']);
  await run('npx', ['tsc']);
  const folders = ['migrations', 'check', 'run', 'cli'].map((folder) => `test/${folder}`);
  await run('npx', ['vitest', 'run', ...folders]);
}, 1_800_000);
