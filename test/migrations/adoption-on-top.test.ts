import { expect, test } from 'vitest';
import { expectAdopted } from './adoption.js';
import { legacyDatabase } from './adoption-database.js';
import { call } from '../support/call.js';

/** What is there besides is left alone, said as a warning, and refused where everything has to be exactly as expected. */
const onTop: Record<string, { readonly change: string; readonly object: string }> = {
  'an extra column': {
    change: `ALTER TABLE user_workflows ADD COLUMN color text DEFAULT 'red'`,
    object: 'column public.user_workflows.color',
  },
  'an extra index': {
    change: 'CREATE INDEX by_name ON workflow_templates (lower(name))',
    object: 'index public.by_name',
  },
  'an extra constraint': {
    change: `ALTER TABLE user_workflows ADD CONSTRAINT named CHECK (name <> '')`,
    object: 'constraint public.user_workflows.named',
  },
  'an extra trigger': {
    change: `CREATE TRIGGER again BEFORE INSERT ON user_workflows FOR EACH ROW EXECUTE FUNCTION update_updated_at_column()`,
    object: 'trigger public.user_workflows.again',
  },
  'a policy': {
    change: 'CREATE POLICY own ON user_workflows USING (user_id IS NOT NULL)',
    object: 'policy public.user_workflows.own',
  },
};

test.each(Object.entries(onTop))('%s on top', async (_, { change, object }) => {
  const database = await legacyDatabase(change);
  const { url } = database;
  const { differences } = await expectAdopted(database, { strict: false });
  expect(differences.map((one) => [one.kind, one.object])).toEqual([['unexpected', object]]);
  expect((await call(['check', '--strict', '--json'], { url })).json()).toMatchObject({ exitCode: 6, differences });
});

test('views on the tables, and more on the shared table, are nobody’s business here', async () => {
  const database = await legacyDatabase(`
    CREATE VIEW mine AS SELECT w.*, t.goal FROM user_workflows w JOIN workflow_templates t ON t.id = w.template_id;
    CREATE MATERIALIZED VIEW counts AS SELECT template_id, count(*) FROM workflow_executions GROUP BY 1;
    ALTER TABLE workflow_executions ADD COLUMN note text, ADD CONSTRAINT short CHECK (length(note) < 9);
    CREATE INDEX by_note ON workflow_executions (note) INCLUDE (user_workflow_id);
    CREATE TABLE favourites (workflow uuid REFERENCES user_workflows ON DELETE CASCADE, template text REFERENCES workflow_templates);
    CREATE TYPE kind AS ENUM ('a', 'b')`);
  expect((await expectAdopted(database)).differences).toEqual([]);
});
