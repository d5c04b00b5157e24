import { describe, expect, test } from 'vitest';
import { call } from '../support/call.js';
import type { Database } from '../support/database.js';
import { migration, testProject } from '../support/project.js';
import { hasPsql, psql } from '../support/psql.js';
import { testDatabase } from '../support/test-database.js';

const workflow = `INSERT INTO user_workflows (user_id, name, definition) SELECT id, 'Mine', '{}' FROM users LIMIT 1`;
const execution = `INSERT INTO workflow_executions (user_workflow_id) SELECT id FROM user_workflows`;
const applied = (database: Database) => database.query('SELECT name FROM pgmigrations ORDER BY id');

describe.skipIf(!hasPsql)('the guard of the data in a plan', () => {
  test('stops the run and leaves everything as it is', async () => {
    const database = await testDatabase({ rows: true });
    expect(await call(['up'], { url: database.url })).toMatchObject({ code: 0 });
    await database.query(`${workflow}; ${execution}`);
    const before = { schema: await database.dump({ rows: true }), applied: await applied(database) };
    for (const line of ['down 3', 'down 4', 'redo 3']) {
      const { stdout } = await call([...line.split(' '), '--dry-run'], { url: database.url });
      const stopped = await psql(database.url, stdout);
      expect(stopped.code).toBe(3);
      expect(stopped.stderr).toMatch(
        /ERROR: {2}this would delete data of public\.(user_workflows|workflow_executions); plan it with --allow-data-loss if that is what you want\n/,
      );
      expect({ schema: await database.dump({ rows: true }), applied: await applied(database) }).toEqual(before);
    }
  });

  test('looks before the first statement, also where that is outside a transaction', async () => {
    const database = await testDatabase({ base: false });
    const root = testProject({
      'migrations/0001_a.ts': migration(`pgm.createTable('a', { id: 'int' });`, `pgm.dropTable('a');`),
      'migrations/schema/0001_a.json': {
        tables: { 'public.a': { kind: 'table', columns: { id: { type: 'integer', null: true } } } },
      },
      'migrations/0002_b.ts': migration(
        `pgm.createIndex('a', 'id', { name: 'by_id' });`,
        `pgm.noTransaction(); pgm.dropIndex('a', 'id', { name: 'by_id', concurrently: true });`,
      ),
      'migrations/schema/0002_b.json': { tables: { 'public.a': { indexes: { by_id: 'btree (id)' } } } },
    });
    expect(await call(['up'], { url: database.url, root })).toMatchObject({ code: 0 });
    await database.query('INSERT INTO a VALUES (1)');
    const { stdout } = await call(['plan', 'down', '2'], { url: database.url, root });
    expect(await psql(database.url, stdout)).toMatchObject({ code: 3 });
    expect(await applied(database)).toHaveLength(2);
    expect(await database.query("SELECT to_regclass('by_id')::text AS index")).toEqual([{ index: 'by_id' }]);
  });

  test('looks again in the transaction: a row that came in after the first look is not lost', async () => {
    const database = await testDatabase({ rows: true });
    expect(await call(['up', '2'], { url: database.url })).toMatchObject({ code: 0 });
    const { stdout } = await call(['plan', 'down'], { url: database.url });
    // As if somebody wrote between the first look and the transaction.
    const late = stdout.replace('\nBEGIN ISOLATION', `\n${workflow};\nBEGIN ISOLATION`);
    expect(late).not.toBe(stdout);
    expect(await psql(database.url, late)).toMatchObject({ code: 3 });
    expect(await database.query('SELECT name FROM user_workflows')).toEqual([{ name: 'Mine' }]);
    expect(await applied(database)).toHaveLength(2);
  });

  test('lets the run through when it was told to', async () => {
    const database = await testDatabase({ rows: true });
    expect(await call(['up'], { url: database.url })).toMatchObject({ code: 0 });
    await database.query(`${workflow}; ${execution}`);
    const { stdout } = await call(['plan', 'down', '4', '--allow-data-loss'], { url: database.url });
    expect(await psql(database.url, stdout)).toMatchObject({ code: 0, stderr: '' });
    expect(await applied(database)).toEqual([{ name: '0001_create-workflow-templates' }]);
    expect(await call(['check', '--strict'], { url: database.url })).toMatchObject({ code: 0 });
  });

  test('on the way up, a column that goes with values in it', async () => {
    const database = await testDatabase({ base: false });
    const root = testProject({
      'migrations/0001_a.ts': migration(`pgm.createTable('a', { id: 'int', "Note": 'text' });`, `pgm.dropTable('a');`),
      'migrations/schema/0001_a.json': {
        tables: {
          'public.a': {
            kind: 'table',
            columns: { id: { type: 'integer', null: true }, '"Note"': { type: 'text', null: true } },
          },
        },
      },
      'migrations/0002_b.ts': migration(`pgm.dropColumn('a', 'Note');`, `pgm.addColumn('a', { "Note": 'text' });`),
      'migrations/schema/0002_b.json': { tables: { 'public.a': { columns: { '"Note"': null } } } },
    });
    expect(await call(['up', '1'], { url: database.url, root })).toMatchObject({ code: 0 });
    await database.query(`INSERT INTO a VALUES (1, 'kept')`);
    const { stdout } = await call(['plan'], { url: database.url, root });
    expect(await psql(database.url, stdout)).toMatchObject({ code: 3 });
    expect(await database.query('SELECT "Note" FROM a')).toEqual([{ Note: 'kept' }]);
    await database.query('UPDATE a SET "Note" = NULL');
    expect(await psql(database.url, stdout)).toMatchObject({ code: 0 });
  });
});
