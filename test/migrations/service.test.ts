import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { beforeAll, expect, test } from 'vitest';
import { byName, readBlocks } from '../support/blocks.ts';
import { call } from '../support/call.ts';
import { createDatabase } from '../support/test-database.ts';
import { fill } from './adoption.ts';

/** Runs what the application does with the tables, on the schema of the last version. */

let session: pg.Client;
beforeAll(async () => {
  const database = await createDatabase({ rows: true });
  expect((await call(['up'], { url: database.url })).code).toBe(0);
  await fill(database);
  session = await database.connect();
  return database.drop;
});

/** The queries of the application's `WorkflowDatabaseService`, shortened. $1 is the owner of the workflows. */
const service = {
  list: 'SELECT * FROM user_workflows WHERE user_id = $1 AND is_active ORDER BY created_at DESC',
  create: `INSERT INTO user_workflows (user_id, name, definition, config) VALUES ($1, $2, $3, $4)
    RETURNING *`,
  get: 'SELECT * FROM user_workflows WHERE user_id = $1 AND id = $2',
  update: `UPDATE user_workflows SET name = 'Daily', is_favorite = true
    WHERE user_id = $1 AND id = $2 RETURNING *`,
  delete: 'DELETE FROM user_workflows WHERE user_id = $1 AND id = $2 RETURNING *',
};

type Row = Readonly<Record<string, unknown>> & { readonly id: string };
const ask = async (sql: string, ...values: readonly unknown[]) =>
  (await session.query<Row>(sql, [...values])).rows;

async function newUser(): Promise<string> {
  const id = randomUUID();
  await ask('INSERT INTO users (id, email) VALUES ($1, $2)', id, `${id}@example.com`);
  return id;
}

test("list, create, get, update and delete work, and only on the user's own workflows", async () => {
  const [mine, theirs] = [await newUser(), await newUser()];
  expect(await ask(service.list, mine)).toEqual([]);
  const [created] = await ask(service.create, mine, 'Weekly', { steps: [] }, {});
  const [other] = await ask(service.create, theirs, 'Theirs', {}, {});
  expect(created).toMatchObject({ user_id: mine, name: 'Weekly', config: {}, execution_count: 0 });
  expect(await ask(service.list, mine)).toEqual([created]);
  expect(await ask(service.get, mine, created?.id)).toEqual([created]);
  for (const sql of [service.get, service.update, service.delete])
    expect(await ask(sql, mine, other?.id)).toEqual([]);
  expect(await ask(service.list, theirs)).toEqual([other]);
  const updated = { id: created?.id, definition: { steps: [] }, name: 'Daily', is_favorite: true };
  expect(await ask(service.update, mine, created?.id)).toMatchObject([updated]);
  expect(await ask(service.delete, mine, created?.id)).toMatchObject([updated]);
  expect(await ask(service.get, mine, created?.id)).toEqual([]);
});

test('JSON is read as it was written', async () => {
  const user = await newUser();
  const steps = [{ id: 1, on: null, if: true, weights: [0, -1.5, 1e21] }];
  for (const document of [
    {},
    [],
    { steps, 'ключ 🎉': 'a"b\\c\n\t</script>' },
    { deep: { deeper: [[[[]]]] }, '': '', __proto__x: 1 },
    'text',
    12.5,
    false,
  ]) {
    const json = JSON.stringify(document);
    const [created] = await ask(service.create, user, 'x', json, json);
    expect(await ask(service.get, user, created?.id)).toMatchObject([
      { definition: document, config: document },
    ]);
    const insert = `INSERT INTO workflow_templates (id, name, steps, conditions, outputs)
      VALUES ($1, 'x', $2, $2, $2) RETURNING steps, conditions, outputs`;
    const values = { steps: document, conditions: document, outputs: document };
    expect(await ask(insert, created?.id, json)).toEqual([values]);
  }
});

const cases = byName(readBlocks('migrations/service.txt', ['sql', 'finds']));

/** Expects the result of the last statement. The first ROLLBACK ends the transaction of a failed case. */
test.for(cases)('%s', async ([, { first, of }]) => {
  const query = { text: `ROLLBACK; BEGIN; ${first('sql')}; ROLLBACK`, rowMode: 'array' } as const;
  const answer = await session.query(query).then(
    (results) => (results as unknown as pg.QueryArrayResult[]).at(-2)?.rows.map(String),
    (error: unknown) => [`violates ${String((error as pg.DatabaseError).constraint)}`],
  );
  expect(answer).toEqual(of('finds'));
});
