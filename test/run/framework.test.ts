import { expect, test } from 'vitest';
import { readProject } from '../../scripts/project/project.ts';
import { readSettings } from '../../scripts/project/settings.ts';
import { loadMigrations, runMigrations } from '../../scripts/runner/framework.ts';
import { frameworkCli } from '../support/migrate.ts';
import { filesIn, setUp, table, testProject } from '../support/project.ts';
import { textOf } from '../support/root.ts';

/** The second of its three migrations runs outside a transaction. */
const project = filesIn('run/framework.txt');

/** The statements that the framework sends, and a line for each start of a migration. */
async function sent(direction: 'up' | 'down', tableExists = true): Promise<string[]> {
  const settings = readSettings(testProject(project), {});
  const { migrations } = readProject(settings, true);
  const ordered = direction === 'up' ? migrations : migrations.toReversed();
  const statements: string[] = [];
  let place = () => '';
  const client = {
    query: (statement: string | { readonly text: string }) => {
      const text = typeof statement === 'string' ? statement : statement.text;
      statements.push(`${place()}${text.replace(/\s+/g, ' ').trim()}`);
      return Promise.resolve({ rows: tableExists ? [{}] : [] });
    },
    onStart: ({ name }: { readonly name: string }, isInside: () => boolean) => {
      statements.push(`starts ${name}`);
      place = () => (isInside() ? '  inside: ' : '  outside: ');
      return Promise.resolve();
    },
  };
  await runMigrations(settings, client, await loadMigrations(ordered, direction), direction);
  return statements;
}

/** framework-client.ts relies on these statements. If a new version sends others, adapt that file. */
test('node-pg-migrate sends what framework-sends.txt lists', async () => {
  const creation = (await sent('up', false)).slice(0, 2);
  const all = { up: await sent('up'), down: await sent('down'), 'no table yet': creation };
  const sections = Object.entries(all).map(([title, lines]) => [`# ${title}`, ...lines].join('\n'));
  expect(`${sections.join('\n\n')}\n`).toBe(textOf('test/run/framework-sends.txt'));
});

test("the framework's own CLI and this program can be used in turn", async () => {
  const { url, root, run, applied } = await setUp(project);
  const cli = (...args: string[]) =>
    frameworkCli([...args, '-f', '.node-pg-migraterc.json'], { url, cwd: root });
  expect(await cli('up', '1')).toMatchObject({ code: 0 });
  expect(await run('check --strict')).toMatchObject({ exitCode: 0, version: '0001_a' });
  const rest = [{ name: '0002_b' }, { name: '0003_c' }];
  expect(await run('up')).toMatchObject({ exitCode: 0, applied: rest });
  const nothing = await cli('up');
  expect(nothing.code).toBe(0);
  expect(nothing.stdout).toContain('No migrations to run!');
  expect(await cli('down', '1')).toMatchObject({ code: 0 });
  expect(await applied()).toEqual(['0001_a', '0002_b']);
  expect(await run('down 9')).toMatchObject({ exitCode: 0, version: null });
});

test('a migration may have a default export, or call done()', async () => {
  const { run } = await setUp({
    'migrations/0002_b.js': `const up = (pgm) => pgm.sql('CREATE TABLE b (id integer)');
      export default { up, down: (pgm) => pgm.dropTable('b') };`,
    'migrations/schema/0002_b.json': table('b', 'id'),
    'migrations/0003_c.ts': `export const down = false; export function up(pgm, done) {
      setTimeout(() => { pgm.sql('CREATE TABLE c (id integer)'); done(); }, 5); }`,
    'migrations/schema/0003_c.json': table('c', 'id'),
  });
  expect(await run('up --strict')).toMatchObject({ exitCode: 0, version: '0003_c' });
});
