import { changed, comesAndGoes, missing, unexpected, type AlarmCase } from './case.js';

const base = 'CREATE TABLE t (a integer, b text, d int[])';
const object = 'index public.i';
const remove = 'DROP INDEX i';

/** An index that is made anew in another way; both are what comes after `ON t`. */
const isNow = (name: string, from: string, to: string, expected: string, found: string, since = 0): AlarmCase => ({
  name,
  since,
  make: `${base}; CREATE INDEX i ON t ${from}`,
  spoil: `${remove}; CREATE INDEX i ON t ${to}`,
  differences: [changed(object, expected, found)],
});

export const indexes: readonly AlarmCase[] = [
  ...comesAndGoes({ name: 'an index', base, add: 'CREATE INDEX i ON t (a)', remove, object, state: 'btree (a)' }),
  ...comesAndGoes({
    name: 'a unique index',
    base,
    add: 'CREATE UNIQUE INDEX i ON t (a)',
    remove,
    object,
    state: 'unique btree (a)',
  }),
  ...comesAndGoes({
    name: 'an index of a materialized view',
    base: 'CREATE MATERIALIZED VIEW t AS SELECT 1 AS a',
    add: 'CREATE UNIQUE INDEX i ON t (a)',
    remove,
    object,
    state: 'unique btree (a)',
  }),
  {
    name: 'an index is renamed that a foreign key of its own table refers to',
    make: `${base}; CREATE UNIQUE INDEX i ON t (a); ALTER TABLE t ADD c integer REFERENCES t (a)`,
    spoil: 'ALTER INDEX i RENAME TO j',
    differences: [missing(object, 'unique btree (a)'), unexpected('index public.j', 'unique btree (a)')],
  },
  {
    name: 'an index is renamed',
    make: `${base}; CREATE INDEX i ON t (a)`,
    spoil: 'ALTER INDEX i RENAME TO j',
    differences: [missing(object, 'btree (a)'), unexpected('index public.j', 'btree (a)')],
  },
  {
    name: 'an index on another table has its name',
    make: `${base}; CREATE TABLE u (a integer); CREATE INDEX i ON t (a)`,
    spoil: 'DROP INDEX i; CREATE INDEX i ON u (a)',
    differences: [missing(object, 'btree (a)'), unexpected(object, 'btree (a)')],
  },
  {
    name: 'an index is unique now',
    make: `${base}; CREATE INDEX i ON t (a)`,
    spoil: `${remove}; CREATE UNIQUE INDEX i ON t (a)`,
    differences: [changed(object, 'btree (a)', 'unique btree (a)')],
  },
  {
    name: 'an index is not unique any more',
    make: `${base}; CREATE UNIQUE INDEX i ON t (a)`,
    spoil: `${remove}; CREATE INDEX i ON t (a)`,
    differences: [changed(object, 'unique btree (a)', 'btree (a)')],
  },
  {
    name: 'a unique index takes nulls for equal',
    since: 15,
    make: `${base}; CREATE UNIQUE INDEX i ON t (a)`,
    spoil: `${remove}; CREATE UNIQUE INDEX i ON t (a) NULLS NOT DISTINCT`,
    differences: [changed(object, 'unique btree (a)', 'unique btree (a) NULLS NOT DISTINCT')],
  },
  {
    name: 'a unique index is a constraint now',
    make: `${base}; CREATE UNIQUE INDEX i ON t (a)`,
    spoil: 'ALTER TABLE t ADD CONSTRAINT i UNIQUE USING INDEX i',
    differences: [missing(object, 'unique btree (a)'), unexpected('constraint public.t.i', 'UNIQUE (a)')],
  },
  isNow('another method', '(a)', 'USING hash (a)', 'btree (a)', 'hash (a)'),
  isNow('another column', '(a)', '(b)', 'btree (a)', 'btree (b)'),
  isNow('one more column', '(a)', '(a, b)', 'btree (a)', 'btree (a, b)'),
  isNow('columns in another order', '(a, b)', '(b, a)', 'btree (a, b)', 'btree (b, a)'),
  isNow('an expression', '(b)', '(lower(b))', 'btree (b)', 'btree (lower(b))'),
  isNow('a descending column', '(a)', '(a DESC)', 'btree (a)', 'btree (a DESC)'),
  isNow('nulls first', '(a)', '(a NULLS FIRST)', 'btree (a)', 'btree (a NULLS FIRST)'),
  isNow('an operator class', '(b)', '(b text_pattern_ops)', 'btree (b)', 'btree (b text_pattern_ops)'),
  isNow('a collation', '(b)', '(b COLLATE "C")', 'btree (b)', 'btree (b COLLATE "C")'),
  isNow('an included column', '(a)', '(a) INCLUDE (b)', 'btree (a)', 'btree (a) INCLUDE (b)'),
  isNow('a condition', '(a)', '(a) WHERE a > 0', 'btree (a)', 'btree (a) WHERE (a > 0)'),
  isNow(
    'another condition',
    '(a) WHERE a > 0',
    '(a) WHERE a > 1',
    'btree (a) WHERE (a > 0)',
    'btree (a) WHERE (a > 1)',
  ),
  isNow('a storage parameter', '(a)', '(a) WITH (fillfactor = 70)', 'btree (a)', `btree (a) WITH (fillfactor='70')`),
  isNow(
    'a parameter of a GIN index',
    'USING gin (d)',
    'USING gin (d) WITH (fastupdate = off)',
    'gin (d)',
    `gin (d) WITH (fastupdate=off)`,
  ),
  {
    name: 'an index that a broken build left behind',
    make: `${base}; CREATE INDEX i ON t (a)`,
    spoil: `UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'i'::regclass`,
    differences: [changed(object, 'btree (a)', 'btree (a) INVALID')],
  },
  {
    name: 'an index that no writer keeps up',
    make: `${base}; CREATE INDEX i ON t (a)`,
    spoil: `UPDATE pg_index SET indisready = false WHERE indexrelid = 'i'::regclass`,
    differences: [changed(object, 'btree (a)', 'btree (a) INVALID')],
  },
];
