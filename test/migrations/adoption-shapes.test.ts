import { expect, test } from 'vitest';
import { stateOf } from '../cli/report.js';
import { call } from '../support/call.js';
import { testDatabase } from '../support/test-database.js';
import { expectAdopted, fill } from './adoption.js';
import { legacyDatabases } from './legacy.js';
import { spellings } from './legacy-spelling.js';

/** Shapes that differ from the expected ones and are adopted, because no value has to be touched for it. */

const legacyDatabase = legacyDatabases();

const repaired: Record<string, string> = {
  'constraints with another meaning': `
    ALTER TABLE workflow_executions DROP CONSTRAINT workflow_executions_source_check,
      ADD CONSTRAINT workflow_executions_source_check CHECK (template_id IS NOT NULL OR user_workflow_id IS NOT NULL),
      DROP CONSTRAINT workflow_executions_user_workflow_id_fkey,
      ADD CONSTRAINT workflow_executions_user_workflow_id_fkey
      FOREIGN KEY (user_workflow_id) REFERENCES user_workflows (id) ON DELETE SET NULL;
    ALTER TABLE user_workflows DROP CONSTRAINT user_workflows_user_id_fkey,
      ADD CONSTRAINT user_workflows_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id),
      DROP CONSTRAINT user_workflows_template_id_fkey,
      ADD CONSTRAINT user_workflows_template_id_fkey
      FOREIGN KEY (template_id) REFERENCES workflow_templates (id) ON DELETE CASCADE`,
  'constraints that were never validated': `
    ALTER TABLE workflow_executions DROP CONSTRAINT workflow_executions_source_check,
      ADD CONSTRAINT workflow_executions_source_check CHECK (num_nonnulls(template_id, user_workflow_id) = 1) NOT VALID,
      DROP CONSTRAINT workflow_executions_user_workflow_id_fkey,
      ADD CONSTRAINT workflow_executions_user_workflow_id_fkey
      FOREIGN KEY (user_workflow_id) REFERENCES user_workflows (id) ON DELETE CASCADE NOT VALID`,
  'triggers that are disabled or come after, and another body of the function': `
    ALTER TABLE user_workflows DISABLE TRIGGER update_user_workflows_updated_at;
    DROP TRIGGER update_workflow_templates_updated_at ON workflow_templates;
    CREATE TRIGGER update_workflow_templates_updated_at AFTER UPDATE ON workflow_templates
      FOR EACH STATEMENT EXECUTE FUNCTION update_updated_at_column();
    CREATE OR REPLACE FUNCTION update_updated_at_column() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$`,
  'defaults that are written differently, missing, or others': `
    ALTER TABLE workflow_templates ALTER created_at SET DEFAULT now();
    ALTER TABLE user_workflows ALTER is_active DROP DEFAULT, ALTER execution_count SET DEFAULT 1`,
  'an INVALID index, which an interrupted concurrent build leaves': `
    UPDATE pg_index SET indisvalid = false
    WHERE indexrelid = 'idx_workflow_executions_user_workflow_id'::regclass`,
  'missing columns that may be null': `
    ALTER TABLE workflow_templates DROP COLUMN goal, DROP COLUMN category, DROP COLUMN updated_at;
    ALTER TABLE user_workflows DROP COLUMN description, DROP COLUMN config, DROP COLUMN is_favorite;
    DELETE FROM workflow_executions WHERE user_workflow_id IS NOT NULL;
    ALTER TABLE workflow_executions DROP COLUMN user_workflow_id`,
};

test.for(Object.entries(repaired))('repairs %s', async ([, change]) => {
  await expectAdopted(await legacyDatabase(change));
});

test('leaves what is there besides, warns of it on its own tables, and refuses it with --strict', async () => {
  const database = await legacyDatabase(`
    ALTER TABLE user_workflows ADD COLUMN color text DEFAULT 'red', ADD CONSTRAINT named CHECK (name <> '');
    CREATE INDEX by_name ON workflow_templates (lower(name));
    CREATE TRIGGER again BEFORE INSERT ON user_workflows FOR EACH ROW EXECUTE FUNCTION update_updated_at_column();
    CREATE POLICY own ON user_workflows USING (user_id IS NOT NULL);
    -- No warning of these:
    CREATE VIEW mine AS SELECT w.*, t.goal FROM user_workflows w JOIN workflow_templates t ON t.id = w.template_id;
    CREATE MATERIALIZED VIEW counts AS SELECT template_id, count(*) FROM workflow_executions GROUP BY 1;
    ALTER TABLE workflow_executions ADD COLUMN note text, ADD CONSTRAINT short CHECK (length(note) < 9);
    CREATE INDEX by_note ON workflow_executions (note) INCLUDE (user_workflow_id);
    CREATE TABLE favourites (workflow uuid REFERENCES user_workflows, template text REFERENCES workflow_templates)`);
  const { differences } = await expectAdopted(database, { strict: false });
  expect(differences.map(({ kind, object }) => `${kind} ${object}`).sort()).toEqual([
    'unexpected column public.user_workflows.color',
    'unexpected constraint public.user_workflows.named',
    'unexpected index public.by_name',
    'unexpected policy public.user_workflows.own',
    'unexpected trigger public.user_workflows.again',
  ]);
  const check = (await call(['check', '--strict', '--json'], { url: database.url })).json();
  expect(check.exitCode).toBe(6);
  expect(check.differences).toEqual(expect.arrayContaining([...differences]));
});

test.for(Object.entries(spellings))('adopts tables %s', async ([, { sql, extra }]) => {
  const database = await testDatabase({ rows: true });
  await database.query(sql);
  await fill(database);
  const { differences } = await expectAdopted(database, { strict: extra.length === 0 });
  expect(differences.map(({ object }) => object).sort()).toEqual(extra);
});

test('finds its tables where other schemas come first in search_path, and leaves those alone', async () => {
  const database = await legacyDatabase(`CREATE SCHEMA elsewhere;
    CREATE TABLE elsewhere.users (id text PRIMARY KEY);
    CREATE TABLE elsewhere.workflow_templates (id integer PRIMARY KEY, name integer);
    CREATE TABLE elsewhere.user_workflows (id text, template_id uuid);
    CREATE TABLE elsewhere.workflow_executions (id text, template_id varchar(255) NOT NULL);
    CREATE TABLE elsewhere.pgmigrations (name text);
    CREATE INDEX idx_user_workflows_user_id ON elsewhere.user_workflows (id);
    CREATE DOMAIN elsewhere.uuid AS text;
    CREATE FUNCTION elsewhere.update_updated_at_column() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
    INSERT INTO elsewhere.workflow_executions VALUES ('e', 't')`);
  await database.query(`ALTER DATABASE ${database.name} SET search_path = elsewhere, public`);
  const elsewhere = async () =>
    (await stateOf(database)).filter(({ schema }) => schema === 'elsewhere');
  const before = await elsewhere();
  await expectAdopted(database);
  expect(await elsewhere()).toEqual(before);
});
