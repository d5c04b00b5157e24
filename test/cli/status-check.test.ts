import { expect, test } from 'vitest';
import { call } from '../support/call.js';
import { plainRole } from '../support/plain-role.js';
import { smallProject } from '../support/small-project.js';
import { testDatabase } from '../support/test-database.js';
import { refused, report, stateOf, words } from './report.js';

test('status lists each migration, the version, and the outcome of the check', async () => {
  const root = smallProject(['a', 'b', 'c']);
  const { url, query } = await testDatabase({ base: false });
  const status = async () => (await call(['status'], { root, url })).stdout;
  expect(await status()).toMatch(
    /^database \w+ at .*:\d+, PostgreSQL \d+.*\n {2}pending {2}0001_a\n {2}pending {2}0002_b\n {2}pending {2}0003_c\nok .*3 pending/,
  );
  await call(['up', '2'], { root, url });
  expect(await status()).toMatch(
    /\n {2}applied {2}0001_a {2}2\d{3}-\d\d-\d\d \d\d:\d\d:\d\d\n {2}applied {2}0002_b .*\n {2}pending {2}0003_c\nok .*0002_b; 1 pending/,
  );
  await query('ALTER TABLE a RENAME id TO number');
  const differs = await call(['status'], { root, url });
  expect(differs.code).toBe(6);
  expect(differs.stdout).toContain('applied  0001_a');
  expect(differs.stderr).toContain('missing column public.a.id');
});

test('check compares with what is expected at the version of the database', async () => {
  const root = smallProject(['a', 'b']);
  const { url, query } = await testDatabase({ base: false });
  const checked = async (line: string) => {
    const { exitCode, version, differences } = await report(line, { root, url });
    return [exitCode, version, differences.map(({ kind, object }) => `${kind} ${object}`).join()];
  };
  expect(await checked('check --strict')).toEqual([0, null, '']);
  await report('up 1', { root, url });
  expect(await checked('check --strict')).toEqual([0, '0001_a', '']);
  await query('CREATE TABLE b (id bigint); ALTER TABLE a ADD more text');
  const more = 'unexpected column public.a.more';
  expect(await checked('check')).toEqual([0, '0001_a', more]);
  for (const command of ['check', 'status']) {
    const { code, stdout, stderr } = await call([command], { root, url });
    expect([command, code, stderr]).toEqual([command, 0, '']);
    expect(stdout).toMatch(/warning: .*\n {2}unexpected column public\.a\.more/);
  }
  expect(await checked('check --strict')).toEqual([6, '0001_a', more]);
  expect(await checked('status --strict')).toEqual([6, '0001_a', more]);
  await query('ALTER TABLE a ALTER id TYPE bigint');
  expect(await checked('check')).toEqual([6, '0001_a', `changed column public.a.id,${more}`]);
  const { error, outcome } = await refused(['check'], { root, url });
  expect([outcome, error.code]).toEqual(['differs', 'drift']);
  for (const text of ['expected: integer NULL', 'found:    bigint NULL'])
    expect(error.message).toContain(text);
  expect(error.hint).toContain('npm run migrate');
  await query('DROP TABLE a');
  expect(await checked('check')).toEqual([6, '0001_a', 'missing table public.a']);
});

test('both only read, also for a role that may do nothing else', async () => {
  const root = smallProject(['a']);
  const database = await testDatabase({ base: false });
  const { url, name } = await plainRole(database);
  const lines = ['check', 'status', 'check --strict'];
  const before = await stateOf(database);
  for (const line of lines)
    expect(await call(words(line), { root, url })).toMatchObject({ code: 0 });
  expect(await stateOf(database)).toEqual(before);
  await report('up', { root, url: database.url });
  await database.query(`GRANT SELECT ON pgmigrations TO ${name};
    ALTER ROLE ${name} SET default_transaction_read_only = on`);
  const after = await stateOf(database);
  for (const line of lines)
    expect(await report(line, { root, url })).toMatchObject({ exitCode: 0, version: '0001_a' });
  expect(await stateOf(database)).toEqual(after);
});
