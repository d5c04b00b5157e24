import { changed, comesAndGoes, missing, unexpected, type AlarmCase } from './case.js';

const base = 'CREATE TABLE r (id integer PRIMARY KEY, code integer UNIQUE); CREATE TABLE t (a integer, b integer)';
const object = 'constraint public.t.c';
const remove = 'ALTER TABLE t DROP CONSTRAINT c';
const add = (definition: string): string => `ALTER TABLE t ADD CONSTRAINT c ${definition}`;

/** A constraint that is made anew in another way. */
const isNow = (name: string, from: string, to: string, expected: string, found: string, since = 0): AlarmCase => ({
  name,
  since,
  make: `${base}; ${add(from)}`,
  spoil: `${remove}; ${add(to)}`,
  differences: [changed(object, expected, found)],
});
const key = 'FOREIGN KEY (a) REFERENCES r';
const keyState = 'FOREIGN KEY (a) REFERENCES public.r(id)';

export const constraints: readonly AlarmCase[] = [
  ...comesAndGoes({
    name: 'a primary key',
    base: 'CREATE TABLE t (a integer NOT NULL)',
    add: add('PRIMARY KEY (a)'),
    remove,
    object,
    state: 'PRIMARY KEY (a)',
  }),
  ...comesAndGoes({
    name: 'a unique constraint',
    base,
    add: add('UNIQUE (a, b)'),
    remove,
    object,
    state: 'UNIQUE (a, b)',
  }),
  ...comesAndGoes({ name: 'a check', base, add: add('CHECK (a > 0)'), remove, object, state: 'CHECK ((a > 0))' }),
  ...comesAndGoes({ name: 'a foreign key', base, add: add(key), remove, object, state: keyState }),
  ...comesAndGoes({
    name: 'a foreign key of a table to itself',
    base: 'CREATE TABLE t (a integer, b integer UNIQUE)',
    add: add('FOREIGN KEY (a) REFERENCES t (b)'),
    remove,
    object,
    state: 'FOREIGN KEY (a) REFERENCES public.t(b)',
  }),
  ...comesAndGoes({
    name: 'an exclusion constraint',
    base: 'CREATE TABLE t (a int4range)',
    add: add('EXCLUDE USING gist (a WITH &&)'),
    remove,
    object,
    state: 'EXCLUDE USING gist (a WITH &&)',
  }),
  {
    name: 'a constraint is renamed',
    make: `${base}; ${add('CHECK (a > 0)')}`,
    spoil: 'ALTER TABLE t RENAME CONSTRAINT c TO d',
    differences: [missing(object, 'CHECK ((a > 0))'), unexpected('constraint public.t.d', 'CHECK ((a > 0))')],
  },
  isNow('a primary key is only unique', 'PRIMARY KEY (a)', 'UNIQUE (a)', 'PRIMARY KEY (a)', 'UNIQUE (a)'),
  isNow('a key has its columns in another order', 'UNIQUE (a, b)', 'UNIQUE (b, a)', 'UNIQUE (a, b)', 'UNIQUE (b, a)'),
  isNow('a key includes a column', 'UNIQUE (a)', 'UNIQUE (a) INCLUDE (b)', 'UNIQUE (a)', 'UNIQUE (a) INCLUDE (b)'),
  isNow(
    'a key takes nulls for equal',
    'UNIQUE (a)',
    'UNIQUE NULLS NOT DISTINCT (a)',
    'UNIQUE (a)',
    'UNIQUE NULLS NOT DISTINCT (a)',
    15,
  ),
  isNow('a key is deferrable', 'UNIQUE (a)', 'UNIQUE (a) DEFERRABLE', 'UNIQUE (a)', 'UNIQUE (a) DEFERRABLE'),
  isNow(
    'a key is deferred at first',
    'UNIQUE (a) DEFERRABLE',
    'UNIQUE (a) DEFERRABLE INITIALLY DEFERRED',
    'UNIQUE (a) DEFERRABLE',
    'UNIQUE (a) DEFERRABLE INITIALLY DEFERRED',
  ),
  isNow('a check asks something else', 'CHECK (a > 0)', 'CHECK (a >= 0)', 'CHECK ((a > 0))', 'CHECK ((a >= 0))'),
  isNow(
    'a check is not inherited',
    'CHECK (a > 0)',
    'CHECK (a > 0) NO INHERIT',
    'CHECK ((a > 0))',
    'CHECK ((a > 0)) NO INHERIT',
  ),
  isNow(
    'a check is not valid',
    'CHECK (a > 0)',
    'CHECK (a > 0) NOT VALID',
    'CHECK ((a > 0))',
    'CHECK ((a > 0)) NOT VALID',
  ),
  isNow(
    'a check is valid now',
    'CHECK (a > 0) NOT VALID',
    'CHECK (a > 0)',
    'CHECK ((a > 0)) NOT VALID',
    'CHECK ((a > 0))',
  ),
  isNow(
    'a check is not enforced',
    'CHECK (a > 0)',
    'CHECK (a > 0) NOT ENFORCED',
    'CHECK ((a > 0))',
    'CHECK ((a > 0)) NOT ENFORCED',
    18,
  ),
  isNow('a foreign key is not valid', key, `${key} NOT VALID`, keyState, `${keyState} NOT VALID`),
  isNow('a foreign key is valid now', `${key} NOT VALID`, key, `${keyState} NOT VALID`, keyState),
  isNow('a foreign key is not enforced', key, `${key} NOT ENFORCED`, keyState, `${keyState} NOT ENFORCED`, 18),
  isNow('a foreign key deletes', key, `${key} ON DELETE CASCADE`, keyState, `${keyState} ON DELETE CASCADE`),
  isNow('a foreign key restricts', key, `${key} ON DELETE RESTRICT`, keyState, `${keyState} ON DELETE RESTRICT`),
  isNow(
    'a foreign key sets nothing any more',
    `${key} ON DELETE SET NULL`,
    key,
    `${keyState} ON DELETE SET NULL`,
    keyState,
  ),
  isNow('a foreign key updates', key, `${key} ON UPDATE CASCADE`, keyState, `${keyState} ON UPDATE CASCADE`),
  isNow('a foreign key matches in full', key, `${key} MATCH FULL`, keyState, `${keyState} MATCH FULL`),
  isNow('a foreign key is deferrable', key, `${key} DEFERRABLE`, keyState, `${keyState} DEFERRABLE`),
  isNow(
    'a foreign key refers to another column',
    key,
    'FOREIGN KEY (a) REFERENCES r (code)',
    keyState,
    'FOREIGN KEY (a) REFERENCES public.r(code)',
  ),
  isNow(
    'a foreign key refers from another column',
    key,
    'FOREIGN KEY (b) REFERENCES r',
    keyState,
    'FOREIGN KEY (b) REFERENCES public.r(id)',
  ),
  {
    name: 'a foreign key refers to another table',
    make: `CREATE TABLE q (id integer PRIMARY KEY); ${base}; ${add(key)}`,
    spoil: `${remove}; ${add('FOREIGN KEY (a) REFERENCES q')}`,
    differences: [changed(object, keyState, 'FOREIGN KEY (a) REFERENCES public.q(id)')],
  },
  {
    name: 'what an exclusion constraint excludes',
    make: 'CREATE TABLE t (a int4range); ' + add('EXCLUDE USING gist (a WITH &&)'),
    spoil: `${remove}; ${add('EXCLUDE USING gist (a WITH &&) WHERE (NOT isempty(a))')}`,
    differences: [
      changed(object, 'EXCLUDE USING gist (a WITH &&)', 'EXCLUDE USING gist (a WITH &&) WHERE ((NOT isempty(a)))'),
    ],
  },
];
