import { describe, expect, test } from 'vitest';
import { plainRole } from '../support/plain-role.js';
import { setUp, sqlStep, step, table } from './setup.js';

describe('refuses nothing that PostgreSQL allows', () => {
  const extension = { 'extension citext': 'SCHEMA public' };
  test.for<[name: string, base: string, files: object]>([
    [
      'an extension that is there, IF NOT EXISTS',
      'CREATE EXTENSION citext; REVOKE CREATE ON SCHEMA public FROM PUBLIC',
      step('0001_a', extension, `pgm.createExtension('citext', { ifNotExists: true });`),
    ],
    [
      'a value of an enum of its own, without CREATE',
      `CREATE TYPE mood AS ENUM ('a'); ALTER TYPE mood OWNER TO ROLE_NAME`,
      sqlStep(
        '0001_a',
        { 'type public.mood': "AS ENUM ('a', 'b')" },
        `ALTER TYPE mood ADD VALUE 'b'`,
      ),
    ],
    [
      'a column of a table of its own, without CREATE',
      'CREATE TABLE t (id integer); ALTER TABLE t OWNER TO ROLE_NAME',
      sqlStep(
        '0001_a',
        { 'public.t': { 'column b': 'integer NULL' } },
        'ALTER TABLE t ADD b integer',
      ),
    ],
    [
      'a function of the same name as one of an extension, with other arguments',
      'CREATE EXTENSION pgcrypto; GRANT CREATE ON SCHEMA public TO ROLE_NAME',
      sqlStep(
        '0001_a',
        {
          'function public.digest(uuid)':
            'CREATE OR REPLACE FUNCTION public.digest(uuid)\n RETURNS text\n LANGUAGE sql\nAS $function$SELECT $1::text$function$',
        },
        `CREATE FUNCTION digest(uuid) RETURNS text LANGUAGE sql AS 'SELECT $1::text'`,
      ),
    ],
    [
      'a reference to a table of its own',
      'CREATE TABLE t (id integer PRIMARY KEY); ALTER TABLE t OWNER TO ROLE_NAME; GRANT CREATE ON SCHEMA public TO ROLE_NAME',
      sqlStep('0001_a', table('a', 'id'), 'CREATE TABLE a (id integer)'),
    ],
    [
      'rows of a table that another role owns',
      'CREATE TABLE t (id integer); GRANT INSERT ON t TO ROLE_NAME',
      sqlStep('0001_a', {}, 'INSERT INTO t VALUES (1)'),
    ],
    [
      'a trigger, with nothing but the right to TRIGGER',
      `CREATE TABLE t (id integer); GRANT TRIGGER ON t TO ROLE_NAME;
        CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'`,
      sqlStep(
        '0001_a',
        {
          'public.t': {
            'trigger g': 'BEFORE INSERT ON public.t FOR EACH ROW EXECUTE FUNCTION public.f()',
          },
        },
        'CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()',
      ),
    ],
    [
      'a reference to a column, with the right to that column only',
      `CREATE TABLE t (id integer PRIMARY KEY); GRANT REFERENCES (id) ON t TO ROLE_NAME;
        GRANT CREATE ON SCHEMA public TO ROLE_NAME`,
      {
        'migrations/schema/0000_prerequisites.json': { 'public.t': { table: '' } },
        ...sqlStep(
          '0001_a',
          {
            'public.a': {
              table: '',
              'column id': 'integer NULL',
              'constraint k': 'FOREIGN KEY (id) REFERENCES public.t(id)',
            },
          },
          'CREATE TABLE a (id integer CONSTRAINT k REFERENCES t)',
        ),
      },
    ],
    [
      'the owner of a schema to drop what another role has there',
      `CREATE FUNCTION ours.f() RETURNS integer LANGUAGE sql AS 'SELECT 1'`,
      sqlStep('0001_a', { 'function ours.f()': null }, 'DROP FUNCTION ours.f()'),
    ],
    [
      'to apply, without the right to delete from the migrations table',
      `CREATE TABLE ours.pgmigrations (id serial PRIMARY KEY, name text NOT NULL, run_on timestamp NOT NULL);
        GRANT SELECT, INSERT ON ours.pgmigrations TO ROLE_NAME; GRANT UPDATE ON SEQUENCE ours.pgmigrations_id_seq TO ROLE_NAME`,
      sqlStep('0001_a', {}, 'SELECT 1'),
    ],
  ])('%s', async ([, sql, files]) => {
    const { run, database } = await setUp({
      '.node-pg-migraterc.json': {
        'migrations-dir': 'migrations',
        'migrations-schema': 'ours',
        schema: 'public',
      },
      ...files,
    });
    const { name, url } = await plainRole(database);
    await database.query(
      `CREATE SCHEMA ours AUTHORIZATION ${name}; ${sql.replaceAll('ROLE_NAME', name)}`,
    );
    expect(await run('up', url)).toMatchObject({ exitCode: 0, error: null });
  });
});
