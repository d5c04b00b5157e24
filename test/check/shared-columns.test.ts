import { expect, test } from 'vitest';
import type { Effect } from '../../scripts/schema/effects.js';
import { call } from '../support/call.js';
import { migration, testProject, type Files } from '../support/project.js';
import { testDatabase } from '../support/test-database.js';

/** A project beside an application's table, and the exit code and differences of its last command. */
interface SharedCase {
  readonly base: string;
  readonly prerequisites: Effect;
  /** SQL of a migration, SQL of its `down`, and its effect. */
  readonly steps: readonly (readonly [up: string, down: string, effect: Effect])[];
  readonly commands?: readonly string[];
  readonly finds: readonly [exitCode: number, ...objects: string[]];
}

const users = (parts: Readonly<Record<string, string | null>>) => ({ 'public.users': parts });
const nullable = users({ 'column s': 'text NULL' });
const required = users({ 'column s': 'text NOT NULL' });
const withDefault = users({ 'column s': `text NULL DEFAULT 'x'::text` });
const alter = (change: string) => `ALTER TABLE users ${change}`;

const cases: Readonly<Record<string, SharedCase>> = {
  'NULL that a down leaves': {
    base: 'CREATE TABLE users (s text NOT NULL)',
    prerequisites: required,
    steps: [[alter('ALTER s DROP NOT NULL'), 'SELECT 1', nullable]],
    finds: [6, 'column public.users.s'],
  },
  'prerequisites that a migration changed do not hinder the next one, nor down': {
    base: 'CREATE TABLE users (s text NOT NULL, t integer CONSTRAINT c CHECK (t > 0)); CREATE TABLE old ()',
    prerequisites: {
      ...users({ 'column s': 'text NOT NULL', 'constraint c': 'CHECK ((t > 0))' }),
      'public.old': { table: '' },
    },
    steps: [
      [
        `${alter('ALTER s DROP NOT NULL, DROP t')}; DROP TABLE old`,
        `${alter('ADD t integer CONSTRAINT c CHECK (t > 0), ALTER s SET NOT NULL')}; CREATE TABLE old ()`,
        { ...users({ 'column s': 'text NULL', 'constraint c': null }), 'public.old': null },
      ],
      [
        alter('ALTER s TYPE varchar'),
        alter('ALTER s TYPE text'),
        users({ 'column s': 'character varying NULL' }),
      ],
    ],
    commands: ['up 1', 'up', 'down 2'],
    finds: [0],
  },
  'a constraint of the prerequisites that keeps its old meaning': {
    base: 'CREATE TABLE users (a integer CONSTRAINT c CHECK (a > 0))',
    prerequisites: users({ 'constraint c': 'CHECK ((a > 0))' }),
    steps: [
      [
        alter('ADD CONSTRAINT other CHECK (a > 5)'),
        '',
        users({ 'constraint c': 'CHECK ((a > 5))' }),
      ],
    ],
    commands: ['up'],
    finds: [6, 'constraint public.users.c'],
  },
  'a table of the application that a down does not make again as it was': {
    base: 'CREATE TABLE users (s text)',
    prerequisites: {},
    steps: [['DROP TABLE users', 'CREATE TABLE users (s integer)', {}]],
    commands: ['snapshot', 'up', 'down'],
    finds: [6, 'column public.users.s'],
  },
  'a function of the application that a down restores': {
    base: `CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'`,
    prerequisites: {},
    steps: [
      [
        `CREATE OR REPLACE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 2'`,
        `CREATE OR REPLACE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'`,
        {},
      ],
    ],
    commands: ['snapshot', 'up', 'down'],
    finds: [0],
  },
  'a function of the application that a down does not restore': {
    base: `CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 1'`,
    prerequisites: {},
    steps: [
      [`CREATE OR REPLACE FUNCTION f() RETURNS integer LANGUAGE sql AS 'SELECT 2'`, 'SELECT 1', {}],
    ],
    commands: ['snapshot', 'up', 'down'],
    finds: [6, 'function public.f()'],
  },
  'a table of the application that is changed as a whole stays shared': {
    base: 'CREATE TABLE users (s text, other integer)',
    prerequisites: {},
    steps: [[alter('SET UNLOGGED'), alter('SET LOGGED'), {}]],
    commands: ['snapshot', 'up --strict', 'down --strict'],
    finds: [0],
  },
  'a default that a down leaves': {
    base: 'CREATE TABLE users (s text)',
    prerequisites: nullable,
    steps: [[alter('ALTER s SET DEFAULT $$x$$'), 'SELECT 1', withDefault]],
    finds: [6, 'column public.users.s'],
  },
  'a default that a migration does not remove': {
    base: 'CREATE TABLE users (s text DEFAULT $$x$$)',
    prerequisites: withDefault,
    steps: [['SELECT 1', '', nullable]],
    commands: ['up'],
    finds: [6, 'column public.users.s'],
  },
  'a trigger function with a line end in its name may stay after a down': {
    base: 'SELECT 1',
    prerequisites: {},
    steps: [
      [
        'CREATE FUNCTION "a\nb"() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN END$$',
        'SELECT 1',
        {},
      ],
    ],
    commands: ['snapshot', 'up', 'down'],
    finds: [0],
  },
};

const sql = (text: string) => `pgm.sql(${JSON.stringify(text)});`;

async function compares(one: SharedCase): Promise<void> {
  const { url, query } = await testDatabase({ base: false });
  await query(one.base);
  const files = one.steps.map(([up, down, effect], index) => ({
    [`migrations/000${index + 1}_step.js`]: migration(sql(up), sql(down)),
    [`migrations/schema/000${index + 1}_step.json`]: effect,
  }));
  const first = {
    'migrations/schema/0000_prerequisites.json': one.prerequisites,
    'test/fixtures/base-schema.sql': one.base,
  };
  const root = testProject(Object.assign({}, first, ...files) as Files);
  const found: unknown[] = [];
  for (const line of one.commands ?? ['up', 'down']) {
    const report = (await call([...line.split(' '), '--json'], { url, root })).json();
    found.push([report.exitCode, ...report.differences.map(({ object }) => object)]);
  }
  expect(found).toEqual([...found.slice(1).map(() => [0]), one.finds]);
}

test.for(Object.entries(cases))('of a shared table: %s', ([, one]) => compares(one));
