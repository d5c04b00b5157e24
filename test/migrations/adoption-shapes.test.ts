import { expect, test } from 'vitest';
import { byName, readBlocks } from '../support/blocks.ts';
import { report } from '../support/call.ts';
import { stateOf } from '../support/project.ts';
import { textOf } from '../support/root.ts';
import { testDatabase } from '../support/test-database.ts';
import { expectAdopted, fill, legacyDatabases } from './adoption.ts';

/** Tables that differ from the expected ones, but are adopted, since no value in them has to change. */

const legacyDatabase = legacyDatabases();

const cases = byName(readBlocks('migrations/adopted.txt', ['sql', 'finds']));
test.for(cases)('adopts %s', async ([, { first, of }]) => {
  const says = of('finds');
  const database = await legacyDatabase(first('sql'));
  const { differences } = await expectAdopted(database, { strict: says.length === 0 });
  expect(differences.map(({ kind, object }) => `${kind} ${object}`).sort()).toEqual(says);
  const check = await report('check --strict', { url: database.url });
  expect(check.exitCode).toBe(says.length === 0 ? 0 : 6);
  expect(check.differences).toEqual(expect.arrayContaining([...differences]));
});

test('adopts tables that somebody created from other SQL', async () => {
  const database = await testDatabase({ rows: true });
  await database.query(textOf('test/migrations/by-somebody-else.sql'));
  await fill(database);
  const { differences } = await expectAdopted(database, { strict: false });
  expect(differences.map(({ object }) => object).sort()).toEqual([
    'constraint public.user_workflows.user_workflows_name_check',
    'index public.user_workflows_recent',
  ]);
});

test('migrates the tables in public even if another schema comes first in search_path', async () => {
  const database = await legacyDatabase(`CREATE SCHEMA elsewhere;
    CREATE TABLE elsewhere.users (id text PRIMARY KEY);
    CREATE TABLE elsewhere.workflow_templates (id integer PRIMARY KEY, name integer);
    CREATE TABLE elsewhere.user_workflows (id text, template_id uuid);
    CREATE TABLE elsewhere.workflow_executions (id text, template_id varchar(255) NOT NULL);
    CREATE TABLE elsewhere.pgmigrations (name text);
    CREATE INDEX idx_user_workflows_user_id ON elsewhere.user_workflows (id);
    CREATE DOMAIN elsewhere.uuid AS text;
    CREATE FUNCTION elsewhere.update_updated_at_column() RETURNS trigger
      LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
    INSERT INTO elsewhere.workflow_executions VALUES ('e', 't')`);
  await database.query(`ALTER DATABASE ${database.name} SET search_path = elsewhere, public`);
  const elsewhere = async () =>
    (await stateOf(database)).filter(({ schema }) => schema === 'elsewhere');
  const before = await elsewhere();
  await expectAdopted(database);
  expect(await elsewhere()).toEqual(before);
});
