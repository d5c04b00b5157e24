import { expect, test } from 'vitest';
import { expectAdopted, expectRefused, rowsOf } from './adoption.js';
import { legacyDatabase } from './adoption-database.js';
import { call } from '../support/call.js';
import { claim, legacyFiles, runLegacy } from './legacy.js';
import { smallProject } from '../support/small-project.js';
import { testDatabase } from '../support/test-database.js';

const loadBase = (name: string) =>
  `load the application's base schema into database ${name}, or see whether the URL names the right one`;

test('an empty database is not ready, and is left empty', async () => {
  const database = await testDatabase({ base: false });
  const { error } = await expectRefused(database, 3);
  expect(error).toEqual({
    code: 'obstacles',
    sqlstate: null,
    message: `database ${database.name} is not ready; nothing was written:
  - table public.users is missing
  - table public.workflow_executions is missing`,
    hint: `What mends it:\n  ${loadBase(database.name)}`,
  });
});

test('half a base schema: all that it lacks is named at once', async () => {
  const database = await testDatabase({ rows: true });
  await database.query(`DROP TABLE workflow_executions;
    ALTER TABLE users DROP CONSTRAINT users_pkey CASCADE, ALTER id DROP DEFAULT, ALTER id TYPE varchar(36)`);
  const { error } = await expectRefused(database, 3);
  expect(error?.message).toBe(`database ${database.name} is not ready; nothing was written:
  - column public.users.id is character varying(36), not uuid
  - constraint public.users.users_pkey is missing (PRIMARY KEY (id))
  - table public.workflow_executions is missing`);
});

test('the wrong database altogether', async () => {
  const database = await testDatabase({ base: false });
  await database.query(`CREATE TABLE users (id bigint PRIMARY KEY, login text); INSERT INTO users VALUES (1, 'ada');
    CREATE TABLE user_workflows (user_id bigint REFERENCES users, flow text); INSERT INTO user_workflows VALUES (1, 'x');
    CREATE VIEW workflow_executions AS SELECT id FROM users`);
  const { error } = await expectRefused(database, 3);
  expect(error?.message).toContain('column public.users.id is bigint, not uuid');
  expect(error?.message).toContain('workflow_executions is view, not table');
  expect(error?.hint).toContain(loadBase(database.name));
});

test('a legacy ledger that claims everything, in a database without a base schema', async () => {
  const database = await testDatabase({ base: false });
  await runLegacy(database, [legacyFiles[0]]);
  await claim(database, legacyFiles);
  await expectRefused(database, 3);
});

test('template_id of executions as uuid does not meet the prerequisites', async () => {
  const database = await testDatabase();
  await database.query('ALTER TABLE workflow_executions ALTER template_id TYPE uuid USING NULL');
  const { error } = await expectRefused(database, 3);
  expect(error?.message).toContain('column public.workflow_executions.template_id is uuid, not character varying(255)');
});

const elsewhere = `CREATE SCHEMA elsewhere;
  CREATE TABLE elsewhere.users (id text PRIMARY KEY);
  CREATE TABLE elsewhere.workflow_templates (id integer PRIMARY KEY, name integer);
  CREATE TABLE elsewhere.user_workflows (id text, template_id uuid);
  CREATE TABLE elsewhere.workflow_executions (id text, template_id varchar(255) NOT NULL);
  CREATE TABLE elsewhere.pgmigrations (name text);
  CREATE INDEX idx_user_workflows_user_id ON elsewhere.user_workflows (id);
  CREATE DOMAIN elsewhere.uuid AS text;
  CREATE FUNCTION elsewhere.update_updated_at_column() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
  INSERT INTO elsewhere.workflow_executions VALUES ('e', 't');`;

test.each([
  ['nothing of this project yet', () => testDatabase({ rows: true })],
  ['all that the legacy files make', () => legacyDatabase()],
])('names of another schema earlier in search_path, and %s in public', async (_, make) => {
  const database = await make();
  await database.query(elsewhere);
  await database.query(`ALTER DATABASE ${database.name} SET search_path = elsewhere, public`);
  const untouched = () =>
    database.query(`SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
      WHERE table_schema = 'elsewhere' ORDER BY 1, 2`);
  const before = await untouched();
  await expectAdopted(database);
  expect(await untouched()).toEqual(before);
  expect(await database.query('SELECT * FROM elsewhere.workflow_executions')).toEqual([{ id: 'e', template_id: 't' }]);
  expect(await database.query('SELECT * FROM elsewhere.pgmigrations')).toEqual([]);
  expect(Object.keys(await rowsOf(database))).toContain('user_workflows');
});

test('a name without a schema in a migration means the schema of the settings, whatever the search_path', async () => {
  const [root, database] = [smallProject(['a']), await testDatabase({ base: false })];
  await database.query(`CREATE SCHEMA elsewhere; ALTER DATABASE ${database.name} SET search_path = elsewhere, public`);
  expect((await call(['up', '--json'], { root, url: database.url })).json()).toMatchObject({ outcome: 'applied' });
  const tables = "SELECT schemaname AS schema FROM pg_tables WHERE tablename IN ('a', 'pgmigrations')";
  expect(await database.query(tables)).toEqual([{ schema: 'public' }, { schema: 'public' }]);
});
