import type { Database } from '../support/database.js';

/** A place where a run is stopped from the outside, so that something can happen to it there. */
export interface Hold {
  readonly where: string;
  readonly argv: readonly string[];
  /** What is committed by then. */
  readonly version: string | null;
  /** Stops the runs that come there, until it is let go. */
  readonly hold: (database: Database) => Promise<{ readonly release: () => Promise<unknown> }>;
}

const held = (sql: string) => async (database: Database) => {
  const session = await database.connect();
  await session.query(sql);
  return { release: () => session.query('COMMIT') };
};

/** Makes statements that match wait for the table `gate`. */
const atStatement = (pattern: string) => async (database: Database) => {
  await database.query(`CREATE TABLE IF NOT EXISTS gate ();
    CREATE OR REPLACE FUNCTION at_statement() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
      IF current_query() ~ '${pattern}' THEN LOCK TABLE public.gate IN ACCESS SHARE MODE; END IF;
    END $$;
    CREATE EVENT TRIGGER at_statement ON ddl_command_start EXECUTE FUNCTION at_statement()`);
  const { release } = await held('BEGIN; LOCK TABLE gate')(database);
  return {
    release: async () => {
      await release();
      await database.query('DROP EVENT TRIGGER at_statement');
    },
  };
};

const table = held('BEGIN; LOCK TABLE workflow_executions IN ACCESS SHARE MODE');

/** Up, from the transaction of the run to the last step outside of it; then down. */
const all: readonly Hold[] = [
  { where: 'in the transaction of up', argv: ['up'], version: null, hold: table },
  {
    where: 'in the validation',
    argv: ['up'],
    version: '0003_link-workflow-executions',
    hold: atStatement('VALIDATE CONSTRAINT'),
  },
  {
    where: 'before the concurrent index',
    argv: ['up'],
    version: '0004_validate-workflow-executions',
    hold: atStatement('CREATE INDEX CONCURRENTLY'),
  },
  {
    // A build waits at its end for every snapshot that is older.
    where: 'in the concurrent index',
    argv: ['up'],
    version: '0004_validate-workflow-executions',
    hold: held('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1'),
  },
  {
    where: 'in the transaction of down',
    argv: ['down', '9', '--allow-data-loss'],
    version: '0005_index-workflow-executions',
    hold: table,
  },
  {
    where: 'at the last table of down',
    argv: ['down', '9', '--allow-data-loss'],
    version: '0005_index-workflow-executions',
    hold: atStatement('DROP TABLE.*workflow_templates'),
  },
];

/** The same, by their names. */
export const holds = all.map((one) => [one.where, one] as const);
