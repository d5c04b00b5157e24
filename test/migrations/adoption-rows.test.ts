import { expect, test } from 'vitest';
import { call } from '../support/call.ts';
import { expectAdopted, migrations } from './adoption.ts';
import { legacyDatabases } from './legacy.ts';

const legacyDatabase = legacyDatabases();
const nobody = '00000000-0000-4000-8000-00000000000f';
const [executions, own] = ['workflow_executions', 'user_workflows'];

/** Rows that the expected constraints do not allow. Only somebody who knows their meaning can correct them. */
const wrongRows: Record<
  string,
  {
    table: string;
    constraint: string;
    change: string;
    exitCode?: number;
    rows?: number;
    correct: string;
  }
> = {
  'executions of neither a template nor a workflow, and of both': {
    table: executions,
    constraint: 'workflow_executions_source_check',
    change: `INSERT INTO workflow_executions (template_id, user_workflow_id) SELECT 'onboarding', id FROM user_workflows;
      INSERT INTO workflow_executions DEFAULT VALUES`,
    exitCode: 8,
    rows: 3,
    correct:
      'DELETE FROM workflow_executions WHERE num_nonnulls(template_id, user_workflow_id) <> 1',
  },
  'an execution of a workflow that is gone': {
    table: executions,
    constraint: 'workflow_executions_user_workflow_id_fkey',
    change: `INSERT INTO workflow_executions (user_workflow_id) VALUES ('${nobody}')`,
    exitCode: 8,
    correct: `DELETE FROM workflow_executions WHERE user_workflow_id = '${nobody}'`,
  },
  'a workflow of a user that is gone': {
    table: own,
    constraint: 'user_workflows_user_id_fkey',
    change: `INSERT INTO user_workflows (user_id, name, definition) VALUES ('${nobody}', 'lost', '{}')`,
    correct: `DELETE FROM user_workflows WHERE user_id = '${nobody}'`,
  },
  'a workflow of a template that is gone': {
    table: own,
    constraint: 'user_workflows_template_id_fkey',
    change: `UPDATE user_workflows SET template_id = 'gone' WHERE template_id IS NULL`,
    correct: `UPDATE user_workflows SET template_id = NULL WHERE template_id = 'gone'`,
  },
  'two workflows with one id': {
    table: own,
    constraint: 'user_workflows_pkey',
    change: 'INSERT INTO user_workflows SELECT * FROM user_workflows LIMIT 1',
    correct: 'DELETE FROM user_workflows WHERE ctid = (SELECT max(ctid) FROM user_workflows)',
  },
};

test.for(Object.entries(wrongRows))(
  'fails on %s, leaves a checked version, and goes on when the rows are corrected',
  async ([, { table, constraint, change, exitCode = 5, rows = 1, correct }]) => {
    const database = await legacyDatabase(
      `ALTER TABLE ${table} DROP CONSTRAINT ${constraint} CASCADE; ${change}`,
    );
    const json = async (command: string) =>
      (await call([command, '--json'], { url: database.url })).json();
    const up = await json('up');
    expect(up.exitCode).toBe(exitCode);
    expect(up.version).toBe(exitCode === 8 ? migrations[2] : null);
    expect(up.error?.message).toContain(constraint);
    // The hint has a query that finds the rows, except for duplicate keys: PostgreSQL names the key.
    const [find = 'SELECT'] = /SELECT \* FROM [^;]*;/.exec(up.error?.hint ?? '') ?? [];
    if (up.error?.sqlstate === '23505')
      expect(up.error.message).toMatch(/Key \(id\)=\(.+\) is duplicated/);
    else expect(find).toMatch(`FROM public.${table}`);
    expect((await database.query(find)).length).toBe(rows);
    expect(await json('check')).toMatchObject({ exitCode: 0, version: up.version });
    // This run commits nothing before the same statement fails, so it ends with 5, and not with 8.
    expect(await json('up')).toMatchObject({ exitCode: 5, version: up.version });
    await database.query(correct);
    expect(await database.query(find)).toEqual(find === 'SELECT' ? [{}] : []);
    await expectAdopted(database, { strict: false });
  },
);
