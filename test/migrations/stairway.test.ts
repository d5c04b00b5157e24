import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { call } from '../support/call.js';
import type { Database } from '../support/database.js';
import { migration, testProject } from '../support/project.js';
import { root } from '../support/root.js';
import { testDatabase } from '../support/test-database.js';

const steps = readdirSync(join(root, 'migrations'))
  .filter((file) => file.endsWith('.ts'))
  .sort();

const schemaOf = (database: Database): Promise<string> =>
  database.dump({ without: ['pgmigrations'] });

async function run(database: Database, ...argv: string[]): Promise<void> {
  const { code, stderr } = await call(argv, { url: database.url });
  expect(code, stderr).toBe(0);
}

/** Rows in each table that there is, as far as the constraints that there are let them in. */
async function fill(database: Database): Promise<void> {
  await database.query(`DO $$ BEGIN
    IF to_regclass('workflow_templates') IS NOT NULL THEN
      INSERT INTO workflow_templates (id, name, steps) VALUES (gen_random_uuid(), 'a template', '[]');
    END IF;
    IF to_regclass('user_workflows') IS NOT NULL THEN
      INSERT INTO user_workflows (user_id, template_id, name, definition)
        SELECT u.id, t.id, 'a workflow', '{}' FROM users u, workflow_templates t;
    END IF;
  END $$`);
}

test.for(steps.map((file, index) => [file, index] as const))(
  '%s: up, down and up again, with rows, leaves what it found and what it made',
  async ([, index]) => {
    const database = await testDatabase({ rows: true });
    for (let step = 0; step < index; step++) await run(database, 'up', '1', '--strict');
    await fill(database);
    const before = await schemaOf(database);
    await run(database, 'up', '1', '--strict');
    const after = await schemaOf(database);
    await fill(database);
    await run(database, 'down', '1', '--strict', '--allow-data-loss');
    expect(await schemaOf(database)).toBe(before);
    await run(database, 'up', '1', '--strict');
    expect(await schemaOf(database)).toBe(after);
    expect(await call(['check', '--strict'], { url: database.url })).toMatchObject({ code: 0 });
  },
);

test.for(
  steps.filter((file) => !/create-/.test(file)).map((file) => [file, steps.indexOf(file)] as const),
)(
  '%s: with rows in all tables the guard lets it go down, since nothing is lost',
  async ([, index]) => {
    const database = await testDatabase({ rows: true });
    await run(database, 'up', '2');
    await fill(database);
    if (index > 2) await run(database, 'up', String(index - 2));
    const before = await schemaOf(database);
    const rows = await database.query('SELECT count(*)::int AS count FROM workflow_executions');
    await run(database, 'up', '1');
    await run(database, 'down', '1', '--strict');
    expect(await schemaOf(database)).toBe(before);
    expect(await database.query('SELECT count(*)::int AS count FROM workflow_executions')).toEqual(
      rows,
    );
  },
);

test('from the head to nothing and up again', async () => {
  const database = await testDatabase({ rows: true });
  const nothing = await schemaOf(database);
  await run(database, 'up', '--strict');
  const head = await schemaOf(database);
  await run(database, 'down', String(steps.length), '--strict');
  expect(await schemaOf(database)).toBe(nothing);
  await run(database, 'up', '--strict');
  expect(await schemaOf(database)).toBe(head);
});

test('a down that the framework would infer is refused before anything runs', async () => {
  const database = await testDatabase({ base: false });
  const folder = testProject({
    'migrations/0001_a.js': `export function up(pgm) { pgm.createTable('a', { id: 'integer' }); }\n`,
    'migrations/schema/0001_a.json': {},
  });
  const before = await database.dump();
  const result = await call(['up', '--json'], { url: database.url, root: folder });
  expect(result.json()).toMatchObject({ outcome: 'usage', exitCode: 2, applied: [] });
  expect(result.json().error?.message).toContain('0001_a.js');
  expect(await database.dump()).toBe(before);
});

test('a migration that says it cannot go down goes up, and is refused on the way down', async () => {
  const database = await testDatabase({ base: false });
  const folder = testProject({
    'migrations/0001_a.js': `${migration(`pgm.createTable('a', { id: 'integer' });`, '').split('export function down')[0] ?? ''}export const down = false;\n`,
    'migrations/schema/0001_a.json': {
      tables: { 'public.a': { kind: 'table', columns: { id: { type: 'integer', null: true } } } },
    },
  });
  expect(await call(['up'], { url: database.url, root: folder })).toMatchObject({ code: 0 });
  const before = await database.dump();
  const result = await call(['down', '--json', '--allow-data-loss'], {
    url: database.url,
    root: folder,
  });
  expect(result.json()).toMatchObject({ outcome: 'usage', exitCode: 2, version: '0001_a' });
  expect(await database.dump()).toBe(before);
});
