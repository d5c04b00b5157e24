import { bothWays, changed, comesAndGoes, missing, type AlarmCase } from './case.js';

const parent = 'CREATE TABLE p (a integer, b integer) PARTITION BY RANGE (a)';
const child = 'CREATE TABLE t PARTITION OF p FOR VALUES FROM (0) TO (10)';
const object = 'table public.t';

export const partitions: readonly AlarmCase[] = [
  {
    name: 'a partition is missing',
    make: `${parent}; ${child}`,
    spoil: 'DROP TABLE t',
    differences: [missing(object, 'table, partition of public.p FOR VALUES FROM (0) TO (10)')],
  },
  ...bothWays({
    name: 'a partition',
    base: `${parent}; CREATE TABLE t (a integer, b integer)`,
    add: 'ALTER TABLE p ATTACH PARTITION t FOR VALUES FROM (0) TO (10)',
    remove: 'ALTER TABLE p DETACH PARTITION t',
    object,
    without: 'no partition of',
    with: 'partition of public.p FOR VALUES FROM (0) TO (10)',
  }),
  {
    name: 'a partition has other bounds',
    make: `${parent}; ${child}`,
    spoil: 'ALTER TABLE p DETACH PARTITION t; ALTER TABLE p ATTACH PARTITION t FOR VALUES FROM (0) TO (20)',
    differences: [
      changed(
        object,
        'partition of public.p FOR VALUES FROM (0) TO (10)',
        'partition of public.p FOR VALUES FROM (0) TO (20)',
      ),
    ],
  },
  {
    name: 'a partition belongs to another table',
    make: `${parent}; CREATE TABLE q (a integer, b integer) PARTITION BY RANGE (a); ${child}`,
    spoil: 'ALTER TABLE p DETACH PARTITION t; ALTER TABLE q ATTACH PARTITION t FOR VALUES FROM (0) TO (10)',
    differences: [
      changed(
        object,
        'partition of public.p FOR VALUES FROM (0) TO (10)',
        'partition of public.q FOR VALUES FROM (0) TO (10)',
      ),
    ],
  },
  {
    name: 'a table is partitioned by another key',
    make: parent,
    spoil: 'DROP TABLE p; CREATE TABLE p (a integer, b integer) PARTITION BY LIST (b)',
    differences: [changed('table public.p', 'partition by RANGE (a)', 'partition by LIST (b)')],
  },
  {
    name: 'a table is no longer partitioned',
    make: parent,
    spoil: 'DROP TABLE p; CREATE TABLE p (a integer, b integer)',
    differences: [changed('table public.p', 'partitioned table, partition by RANGE (a)', 'table, no partition by')],
  },
  {
    name: 'a table is partitioned now',
    make: 'CREATE TABLE p (a integer, b integer)',
    spoil: `DROP TABLE p; ${parent}`,
    differences: [changed('table public.p', 'table, no partition by', 'partitioned table, partition by RANGE (a)')],
  },
  ...comesAndGoes({
    name: 'a constraint of a partition alone',
    base: `${parent}; ${child}`,
    add: 'ALTER TABLE t ADD CONSTRAINT c CHECK (b > 0)',
    remove: 'ALTER TABLE t DROP CONSTRAINT c',
    object: 'constraint public.t.c',
    state: 'CHECK ((b > 0))',
  }),
  ...comesAndGoes({
    name: 'an index of the partitioned table alone',
    base: parent,
    add: 'CREATE INDEX i ON p (b)',
    remove: 'DROP INDEX i',
    object: 'index public.i',
    state: 'btree (b)',
  }),
  {
    name: 'an index of a partitioned table, and with it those of its partitions',
    make: `${parent}; ${child}; CREATE INDEX i ON p (b)`,
    spoil: 'DROP INDEX i',
    differences: [missing('index public.i', 'btree (b)'), missing('index public.t_b_idx', 'btree (b)')],
  },
  {
    name: 'an index of a partitioned table that one partition lacks',
    make: `${parent}; ${child}; CREATE INDEX i ON p (b)`,
    spoil: 'DROP INDEX i; CREATE INDEX i ON ONLY p (b)',
    differences: [
      changed('index public.i', 'btree (b)', 'btree (b) INVALID'),
      missing('index public.t_b_idx', 'btree (b)'),
    ],
  },
  ...comesAndGoes({
    name: 'a foreign key to a partitioned table is one constraint, and',
    base: 'CREATE TABLE p (a integer PRIMARY KEY) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10); CREATE TABLE t (a integer)',
    add: 'ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES p (a)',
    remove: 'ALTER TABLE t DROP CONSTRAINT f',
    object: 'constraint public.t.f',
    state: 'FOREIGN KEY (a) REFERENCES public.p(a)',
  }),
  {
    name: 'a trigger of a partitioned table is one trigger, and it is missing',
    make:
      `${parent}; ${child}; CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; ` +
      'CREATE TRIGGER g AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION f()',
    spoil: 'DROP TRIGGER g ON p',
    differences: [missing('trigger public.p.g', 'AFTER INSERT ON public.p FOR EACH ROW EXECUTE FUNCTION public.f()')],
  },
  {
    name: 'a key of a partitioned table that one partition lacks',
    make: 'CREATE TABLE p (a integer, CONSTRAINT k PRIMARY KEY (a)) PARTITION BY RANGE (a)',
    spoil:
      'CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10); ALTER TABLE p DROP CONSTRAINT k; ' +
      'ALTER TABLE ONLY p ADD CONSTRAINT k PRIMARY KEY (a)',
    differences: [changed('constraint public.p.k', 'PRIMARY KEY (a)', 'PRIMARY KEY (a) INVALID')],
  },
];
