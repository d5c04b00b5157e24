import { changed, missing, type AlarmCase } from './case.js';

const object = 'sequence public.s';
const usual = 'bigint start 1 increment 1 from 1 to 9223372036854775807 cache 1';
const becomes = (
  name: string,
  spoil: string,
  found: string,
  make = 'CREATE SEQUENCE s',
  expected = usual,
  since = 0,
): AlarmCase => ({
  name,
  since,
  make,
  spoil,
  differences: [changed(object, expected, found)],
});
const owned = 'CREATE TABLE t (a bigint, "B c" bigint); CREATE SEQUENCE s';

export const sequences: readonly AlarmCase[] = [
  {
    name: 'a sequence is missing',
    make: 'CREATE SEQUENCE s',
    spoil: 'DROP SEQUENCE s',
    differences: [missing(object, usual)],
  },
  becomes('another type', 'ALTER SEQUENCE s AS integer', 'integer start 1 increment 1 from 1 to 2147483647 cache 1'),
  becomes('another start', 'ALTER SEQUENCE s START 5', usual.replace('start 1', 'start 5')),
  becomes('another increment', 'ALTER SEQUENCE s INCREMENT 5', usual.replace('increment 1', 'increment 5')),
  becomes('another minimum', 'ALTER SEQUENCE s MINVALUE 0', usual.replace('from 1', 'from 0')),
  becomes('another maximum', 'ALTER SEQUENCE s MAXVALUE 99', usual.replace('9223372036854775807', '99')),
  becomes('another cache', 'ALTER SEQUENCE s CACHE 5', usual.replace('cache 1', 'cache 5')),
  becomes('it cycles', 'ALTER SEQUENCE s CYCLE', `${usual} cycle`),
  becomes(
    'it does not cycle any more',
    'ALTER SEQUENCE s NO CYCLE',
    usual,
    'CREATE SEQUENCE s CYCLE',
    `${usual} cycle`,
  ),
  becomes('it is unlogged', 'ALTER SEQUENCE s SET UNLOGGED', `${usual} unlogged`, 'CREATE SEQUENCE s', usual, 15),
  becomes('it is logged', 'ALTER SEQUENCE s SET LOGGED', usual, 'CREATE UNLOGGED SEQUENCE s', `${usual} unlogged`, 15),
  becomes('it belongs to a column', 'ALTER SEQUENCE s OWNED BY t.a', `${usual} owned by public.t.a`, owned),
  becomes(
    'it belongs to nothing',
    'ALTER SEQUENCE s OWNED BY NONE',
    usual,
    `${owned} OWNED BY t.a`,
    `${usual} owned by public.t.a`,
  ),
  becomes(
    'it belongs to another column',
    'ALTER SEQUENCE s OWNED BY t."B c"',
    `${usual} owned by public.t."B c"`,
    `${owned} OWNED BY t.a`,
    `${usual} owned by public.t.a`,
  ),
  {
    name: 'the sequence of an identity column counts in another way',
    make: 'CREATE TABLE t (a integer GENERATED ALWAYS AS IDENTITY)',
    spoil: 'ALTER TABLE t ALTER a SET INCREMENT 10',
    differences: [
      changed(
        'sequence public.t_a_seq',
        'integer start 1 increment 1 from 1 to 2147483647 cache 1 owned by public.t.a',
        'integer start 1 increment 10 from 1 to 2147483647 cache 1 owned by public.t.a',
      ),
    ],
  },
  {
    name: 'the sequence of a serial column is gone, and with it the default',
    make: 'CREATE TABLE t (a serial)',
    spoil: 'DROP SEQUENCE t_a_seq CASCADE',
    differences: [
      missing(
        'sequence public.t_a_seq',
        'integer start 1 increment 1 from 1 to 2147483647 cache 1 owned by public.t.a',
      ),
      changed('column public.t.a', `default nextval('public.t_a_seq'::regclass)`, 'no default'),
    ],
  },
];

export const extensions: readonly AlarmCase[] = [
  {
    name: 'an extension is missing',
    make: 'CREATE EXTENSION citext',
    spoil: 'DROP EXTENSION citext',
    differences: [missing('extension citext', 'in schema public')],
  },
  {
    name: 'an extension whose name needs quotes is missing',
    make: 'CREATE EXTENSION "uuid-ossp"',
    spoil: 'DROP EXTENSION "uuid-ossp"',
    differences: [missing('extension "uuid-ossp"', 'in schema public')],
  },
  {
    name: 'an extension is in another schema',
    make: 'CREATE EXTENSION citext',
    spoil: 'CREATE SCHEMA other; ALTER EXTENSION citext SET SCHEMA other',
    differences: [changed('extension citext', 'in schema public', 'in schema other')],
  },
  {
    name: 'an extension is in a schema whose name needs quotes',
    make: 'CREATE EXTENSION citext',
    spoil: 'CREATE SCHEMA "S s"; ALTER EXTENSION citext SET SCHEMA "S s"',
    differences: [changed('extension citext', 'in schema public', 'in schema "S s"')],
  },
];
