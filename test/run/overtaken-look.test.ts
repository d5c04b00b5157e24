import { expect, test } from 'vitest';
import { call } from '../support/call.js';
import { blockedRun } from '../support/eventually.js';
import { migration, testProject } from '../support/project.js';
import { testDatabase } from '../support/test-database.js';

const integer = { type: 'integer', null: true };
const sql = (up: string, down: string) => migration(`pgm.sql('${up}');`, `pgm.sql('${down}');`);

/** The view comes first in a look, and its definition waits for whoever has it locked. */
const project = () =>
  testProject({
    'migrations/0001_a.ts': sql(
      'CREATE TABLE a (id integer); CREATE VIEW v AS SELECT id FROM a',
      'DROP VIEW v; DROP TABLE a',
    ),
    'migrations/schema/0001_a.json': {
      tables: {
        'public.v': { kind: 'view', definition: 'SELECT id FROM public.a;', columns: { id: { type: 'integer' } } },
        'public.a': { kind: 'table', columns: { id: integer } },
      },
    },
    'migrations/0002_b.ts': sql('CREATE TABLE b (n integer CHECK (n > 0) UNIQUE)', 'DROP TABLE b'),
    'migrations/schema/0002_b.json': {
      tables: {
        'public.b': {
          kind: 'table',
          columns: { n: integer },
          constraints: { b_n_check: 'CHECK ((n > 0))', b_n_key: 'UNIQUE (n)' },
        },
      },
    },
    'migrations/0003_c.ts': sql('ALTER TABLE b RENAME n TO m', 'ALTER TABLE b RENAME m TO n'),
    'migrations/schema/0003_c.json': {
      tables: {
        'public.b': {
          columns: { n: null, m: integer },
          constraints: { b_n_check: 'CHECK ((m > 0))', b_n_key: 'UNIQUE (m)' },
        },
      },
    },
  });

/** What a run of `down` does in the middle of another one's look, from which version, and to which. */
const reverts = {
  'drops a table': { from: '0002_b', to: '0001_a', sql: 'DROP TABLE b' },
  'renames a column': { from: '0003_c', to: '0002_b', sql: 'ALTER TABLE b RENAME m TO n' },
};

test.for([
  ['check', 'drops a table', 'matches'],
  ['check', 'renames a column', 'matches'],
  ['status', 'drops a table', 'matches'],
  ['plan', 'drops a table', 'planned'],
  ['up 0002_b', 'drops a table', 'applied'],
  ['up', 'renames a column', 'applied'],
] as const)(
  'a look of "%s" that another session overtakes, which %s, is taken again',
  async ([line, what, outcome]) => {
    const [database, root] = [await testDatabase({ base: false }), project()];
    const run = (words: string) => call([...words.split(' '), '--json'], { url: database.url, root });
    const { from, to, sql: change } = reverts[what];
    expect((await run(`up ${from}`)).json()).toMatchObject({ exitCode: 0, version: from });
    const other = await database.connect();
    await other.query(`BEGIN; LOCK TABLE v IN ACCESS EXCLUSIVE MODE;
    ${change}; DELETE FROM pgmigrations WHERE name = '${from}'`);
    const looking = run(line);
    await blockedRun(database, line.startsWith('up') ? 'lock' : 'run');
    await other.query('COMMIT');
    const version = outcome === 'applied' ? from : to;
    expect((await looking).json()).toMatchObject({ exitCode: 0, outcome, version });
  },
);
