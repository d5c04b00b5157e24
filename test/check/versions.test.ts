import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { viewQueries, viewTables } from './cases/view-queries.js';
import { call } from '../support/call.js';
import { startEmbedded } from '../support/embedded.js';
import { fixture, makeDatabase } from '../support/database.js';
import { installedMajor } from '../support/binaries.js';
import { differencesIn, major, Stage } from './alarm.js';
import { migration, testProject } from '../support/project.js';
import { restore } from './restore.js';
import { root } from '../support/root.js';
import { testDatabase } from '../support/test-database.js';

const everything = fixture('every-kind.sql');
const effectFile = 'migrations/schema/0001_make.json';
const project = (effect: string): string =>
  testProject({
    'migrations/0001_make.js': migration(`pgm.sql(${JSON.stringify(everything)});`, ''),
    [effectFile]: effect,
  });

test('snapshot writes the same effect on every PostgreSQL, and it matches there', async () => {
  const database = await testDatabase({ base: false });
  const folder = project('{}');
  expect(await call(['snapshot'], { url: database.url, root: folder })).toMatchObject({
    code: 0,
    stderr: '',
  });
  const written = readFileSync(join(folder, effectFile), 'utf8');
  expect(JSON.parse(written)).toEqual(JSON.parse(fixture('every-kind.json')));

  const asCommitted = project(fixture('every-kind.json'));
  expect(await call(['up', '--strict'], { url: database.url, root: asCommitted })).toMatchObject({
    code: 0,
    stderr: '',
  });
  expect(await differencesIn(database, asCommitted)).toEqual([]);
});

test('snapshot writes the effects of the five migrations that are committed', async () => {
  const database = await testDatabase({ base: false });
  const folder = testProject(
    { 'test/fixtures/base-schema.sql': fixture('base-schema.sql') },
    { withMigrations: true },
  );
  const result = await call(['snapshot', '--json'], { url: database.url, root: folder });
  expect(result.json()).toMatchObject({ outcome: 'applied', output: '' });
});

test('views read the same on every PostgreSQL', async () => {
  const names = Object.keys(viewQueries).map((query, index) => [`v${index}`, query] as const);
  const make = [
    viewTables,
    ...names.map(([name, query]) => `CREATE VIEW ${name} AS ${query}`),
  ].join('; ');
  const stage = new Stage();
  try {
    const scene = await stage.of(make);
    const effect = JSON.parse(readFileSync(join(scene.root, effectFile), 'utf8')) as {
      tables: Record<string, { definition?: string }>;
    };
    expect(
      names.map(([name, query]) => [query, effect.tables[`public.${name}`]?.definition]),
    ).toEqual(Object.entries(viewQueries));
  } finally {
    await stage.close();
  }
});

/** Older servers than that of this run; with `OLDER=all` each, and not the oldest alone. */
const older = [14, 15, 16, 17].filter((each) => each < major() && each !== installedMajor());

test.for(process.env['OLDER'] === 'all' ? older : older.slice(0, 1))(
  'a database that pg_dump and psql brought from PostgreSQL %i is what it was',
  async (from) => {
    const server = await startEmbedded({ major: from, settings: { fsync: 'off' } });
    try {
      const folder = project(fixture('every-kind.json'));
      const kinds = await makeDatabase(server.url);
      const workflow = await makeDatabase(server.url);
      await workflow.query(fixture('base-schema.sql') + fixture('base-rows.sql'));
      expect(await call(['up'], { url: kinds.url, root: folder })).toMatchObject({
        code: 0,
        stderr: '',
      });
      expect(await call(['up'], { url: workflow.url })).toMatchObject({ code: 0, stderr: '' });
      for (const [database, at, rows] of [
        [kinds, folder, 'SELECT * FROM "Parent"'],
        [workflow, root, 'SELECT * FROM workflow_executions ORDER BY id'],
      ] as const) {
        const copy = await testDatabase({ base: false });
        await restore(database.url, copy);
        expect(await differencesIn(copy, at)).toEqual([]);
        expect(await call(['up', '--strict'], { url: copy.url, root: at })).toMatchObject({
          code: 0,
          stderr: '',
        });
        expect(await copy.query(rows)).toEqual(await database.query(rows));
      }
    } finally {
      await server.stop();
    }
  },
);
