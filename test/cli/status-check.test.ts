import { expect, test } from 'vitest';
import { creates, setUp } from '../support/project.ts';
import { refused } from './refused.ts';

test('status lists each migration, the version, and the outcome of the check', async () => {
  const { run, print, query } = await setUp(creates('a', 'b', 'c'));
  const status = async () => {
    const { stdout } = await print('status');
    expect(stdout).toMatch(/^database \w+ at .*:\d+, PostgreSQL \d+.*\n/);
    return stdout.replaceAll(/ 2\d{3}-\d\d-\d\d \d\d:\d\d:\d\d\n/g, ' TIME\n');
  };
  const none = '\n  pending  0001_a\n  pending  0002_b\n  pending  0003_c\nok';
  expect(await status()).toMatch(new RegExp(`${none} .*3 pending`));
  await run('up 2');
  const two = '\n  applied  0001_a  TIME\n  applied  0002_b  TIME\n  pending  0003_c\nok';
  expect(await status()).toMatch(new RegExp(`${two} .*0002_b; 1 pending`));
  const appliedOn = expect.stringMatching(/^2\d{3}-/) as string;
  expect(await run('status')).toMatchObject({
    migrations: [{ appliedOn }, { appliedOn }, { name: '0003_c', appliedOn: null }],
  });
  await query('ALTER TABLE a RENAME id TO number');
  const differs = await print('status');
  expect(differs.code).toBe(6);
  expect(differs.stdout).toContain('applied  0001_a');
  expect(differs.stderr).toContain('missing column public.a.id');
});

test('check compares the schema with the expected one at the version of the database', async () => {
  const { root, url, run, print, query } = await setUp(creates('a', 'b'));
  const checked = async (line: string) => {
    const { exitCode, version, differences } = await run(line);
    return [exitCode, version, differences.map(({ kind, object }) => `${kind} ${object}`).join()];
  };
  expect(await checked('check --strict')).toEqual([0, null, '']);
  await run('up 1');
  expect(await checked('check --strict')).toEqual([0, '0001_a', '']);
  await query(`CREATE TABLE b (id bigint); ALTER TABLE a ADD more text DEFAULT '\u001b[2J'`);
  const more = 'unexpected column public.a.more';
  expect(await checked('check')).toEqual([0, '0001_a', more]);
  for (const command of ['check', 'status']) {
    const { code, stdout, stderr } = await print(command);
    expect([command, code, stderr]).toEqual([command, 0, '']);
    expect(stdout).toMatch(/warning: .*\n {2}unexpected column public\.a\.more\n.*'\?\[2J'/);
  }
  expect(await checked('check --strict')).toEqual([6, '0001_a', more]);
  expect(await checked('status --strict')).toEqual([6, '0001_a', more]);
  await query('ALTER TABLE a ALTER id TYPE bigint');
  expect(await checked('check')).toEqual([6, '0001_a', `changed column public.a.id,${more}`]);
  const { error } = await refused('check', { root, url });
  expect(error.code).toBe('drift');
  for (const text of ['expected: integer NULL', 'found:    bigint NULL'])
    expect(error.message).toContain(text);
  expect(error.hint).toContain('npm run migrate');
  await query('DROP TABLE a, b');
  expect(await checked('check')).toEqual([6, '0001_a', 'missing table public.a']);
  expect((await run('up')).error?.code).toBe('drift');
});
