import { expect, test } from 'vitest';
import { byName, readBlocks } from '../support/blocks.ts';
import { plainRole } from '../support/plain-role.ts';
import { testDatabase } from '../support/test-database.ts';
import { expectAdopted, expectRefused, legacyDatabases } from './adoption.ts';

/** Databases that `up` refuses: it names the differences, and changes nothing. */

const legacyDatabase = legacyDatabases();

const cases = byName(readBlocks('migrations/refused.txt', ['sql', 'finds']));
test.for(cases)('refuses %s', async ([, { first, of }]) => {
  const { differences } = await expectRefused(await legacyDatabase(first('sql')), 6);
  const found = differences.map((one) => `${one.kind} ${one.object}: ${one.found ?? ''}`);
  expect(found.map((line) => line.replace(/: $/, '')).sort()).toEqual(of('finds'));
});

test('refuses a table with rows that lacks a NOT NULL column without a default', async () => {
  const database = await legacyDatabase('ALTER TABLE user_workflows DROP COLUMN definition');
  const { error } = await expectRefused(database, 5);
  expect(error?.sqlstate).toBe('23502');
  expect(error?.message).toContain('"definition"');
});

test.for(byName(readBlocks('migrations/unprepared.txt', ['sql', 'finds'])))(
  'refuses %s, and names all prerequisites that are missing or wrong',
  async ([, { first, of }]) => {
    const database = await testDatabase();
    await database.query(first('sql'));
    const { error } = await expectRefused(database, 3);
    for (const object of of('finds')) expect(error?.message).toContain(object);
    expect(error?.hint).toContain('base schema');
  },
);

test('lists all privileges that a role lacks; with them, it adopts tables of another role', async () => {
  const tables = ['users', 'workflow_templates', 'user_workflows', 'workflow_executions'];
  const database = await legacyDatabase();
  const [owner, deployer] = [await plainRole(database), await plainRole(database)];
  const owned = [...tables.map((name) => `TABLE ${name}`), 'FUNCTION update_updated_at_column()'];
  await database.query(`GRANT USAGE, CREATE ON SCHEMA public TO ${owner.name}, ${deployer.name};
    ${owned.map((object) => `ALTER ${object} OWNER TO ${owner.name};`).join('\n')}`);
  const { error } = await expectRefused(database, 3, deployer);
  for (const object of [...tables, 'update_updated_at_column()'])
    expect(error?.message).toContain(`public.${object}`);
  const statements = error?.hint.match(/GRANT .*;/g) ?? [];
  expect(statements).toContain(`GRANT ${owner.name} TO ${deployer.name};`);
  await database.query(statements.join('\n'));
  await expectAdopted(database, deployer);
  const owners = `SELECT DISTINCT pg_get_userbyid(relowner) AS name FROM pg_class WHERE relname = ANY ($1)`;
  expect(await database.query(owners, [tables])).toEqual([{ name: owner.name }]);
});
