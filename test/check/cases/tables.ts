import { bothWays, changed, missing, type AlarmCase } from './case.js';

const base = 'CREATE TABLE t (a integer)';
const object = 'table public.t';
const whole = (title: string, kind: string, make: string, spoil: string, words = kind): AlarmCase => ({
  name: `a ${title} is missing`,
  make,
  spoil,
  differences: [missing(`${kind.endsWith('view') ? kind : 'table'} public.t`, words)],
});

/** Kinds of relations, and what they are besides their parts. */
export const tables: readonly AlarmCase[] = [
  whole('table', 'table', 'CREATE TABLE t (a integer PRIMARY KEY, b integer CHECK (b > 0))', 'DROP TABLE t'),
  whole('view', 'view', 'CREATE VIEW t AS SELECT 1 AS a', 'DROP VIEW t', 'view, definition SELECT 1 AS a;'),
  whole(
    'materialized view',
    'materialized view',
    'CREATE MATERIALIZED VIEW t AS SELECT 1 AS a',
    'DROP MATERIALIZED VIEW t',
    'materialized view, definition SELECT 1 AS a;',
  ),
  whole(
    'partitioned table',
    'partitioned table',
    'CREATE TABLE t (a integer) PARTITION BY HASH (a)',
    'DROP TABLE t',
    'partitioned table, partition by HASH (a)',
  ),
  whole(
    'foreign table',
    'foreign table',
    'CREATE EXTENSION file_fdw; CREATE SERVER s FOREIGN DATA WRAPPER file_fdw; ' +
      `CREATE FOREIGN TABLE t (a integer) SERVER s OPTIONS (filename '/dev/null')`,
    'DROP FOREIGN TABLE t',
  ),
  {
    name: 'a table is renamed',
    make: base,
    spoil: 'ALTER TABLE t RENAME TO u',
    differences: [missing(object, 'table')],
  },
  {
    name: 'a table is moved to another schema',
    make: base,
    spoil: 'CREATE SCHEMA other; ALTER TABLE t SET SCHEMA other',
    differences: [missing(object, 'table')],
  },
  {
    name: 'a table is now a view',
    make: base,
    spoil: 'DROP TABLE t; CREATE VIEW t AS SELECT 1 AS a',
    differences: [changed(object, 'table, no definition', 'view, definition SELECT 1 AS a;')],
  },
  {
    name: 'a table is now a sequence',
    make: 'CREATE TABLE t ()',
    spoil: 'DROP TABLE t; CREATE SEQUENCE t',
    differences: [changed(object, 'table', 'sequence')],
  },
  {
    name: 'a table is now an index',
    make: 'CREATE TABLE t ()',
    spoil: 'DROP TABLE t; CREATE TABLE u (a integer); CREATE INDEX t ON u (a)',
    differences: [changed(object, 'table', 'index')],
  },
  {
    name: 'a table is now a type',
    make: 'CREATE TABLE t ()',
    spoil: 'DROP TABLE t; CREATE TYPE t AS ()',
    differences: [changed(object, 'table', 'type')],
  },
  {
    name: 'a view is now materialized',
    make: 'CREATE VIEW t AS SELECT 1 AS a',
    spoil: 'DROP VIEW t; CREATE MATERIALIZED VIEW t AS SELECT 1 AS a',
    differences: [changed('view public.t', 'view', 'materialized view')],
  },
  ...bothWays({
    name: 'UNLOGGED',
    base,
    add: 'ALTER TABLE t SET UNLOGGED',
    remove: 'ALTER TABLE t SET LOGGED',
    object,
    without: 'no persistence',
    with: 'persistence unlogged',
  }),
  ...bothWays({
    name: 'row security',
    base,
    add: 'ALTER TABLE t ENABLE ROW LEVEL SECURITY',
    remove: 'ALTER TABLE t DISABLE ROW LEVEL SECURITY',
    object,
    without: 'no row security',
    with: 'row security enabled',
  }),
  ...bothWays({
    name: 'row security for the owner',
    base: `${base}; ALTER TABLE t ENABLE ROW LEVEL SECURITY`,
    add: 'ALTER TABLE t FORCE ROW LEVEL SECURITY',
    remove: 'ALTER TABLE t NO FORCE ROW LEVEL SECURITY',
    object,
    without: 'row security enabled',
    with: 'row security forced',
  }),
  {
    name: 'row security that is forced is switched off',
    make: `${base}; ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`,
    spoil: 'ALTER TABLE t DISABLE ROW LEVEL SECURITY',
    differences: [changed(object, 'no row security off', 'row security off')],
  },
  {
    name: 'row security that was off and forced is switched on',
    make: `${base}; ALTER TABLE t FORCE ROW LEVEL SECURITY`,
    spoil: 'ALTER TABLE t ENABLE ROW LEVEL SECURITY',
    differences: [changed(object, 'row security off', 'no row security off')],
  },
  ...bothWays({
    name: 'a parent',
    base: `CREATE TABLE p (a integer); ${base}`,
    add: 'ALTER TABLE t INHERIT p',
    remove: 'ALTER TABLE t NO INHERIT p',
    object,
    without: 'no inherits',
    with: 'inherits public.p',
  }),
  {
    name: 'the order of two parents',
    make: `CREATE TABLE p (a integer); CREATE TABLE q (a integer); ${base}; ALTER TABLE t INHERIT p; ALTER TABLE t INHERIT q`,
    spoil: 'ALTER TABLE t NO INHERIT p; ALTER TABLE t INHERIT p',
    differences: [changed(object, 'inherits public.p, public.q', 'inherits public.q, public.p')],
  },
];
