import type { messages } from '../../scripts/report/errors.js';
import type { Difference, Session } from '../../scripts/report/types.js';

type Examples = {
  readonly [Code in keyof typeof messages]: readonly Parameters<(typeof messages)[Code]>[];
};

const file = 'migrations/0002_create-user-workflows.ts';
const effect = 'migrations/schema/0002_create-user-workflows.json';
const name = '0002_create-user-workflows';
const object = 'column public.user_workflows.template_id';
const expected = 'character varying(255) NULL';
const changed: Difference = { kind: 'changed', object, expected, found: 'uuid NULL' };
const missing: Difference = { kind: 'missing', object, expected, found: null };
const state = 'idle in transaction';
const [application, client] = ['migrate up lock web-1:17', '10.0.0.7'];
const holder: Session = { pid: 4711, application, client, age: 93, state, query: 'SELECT 1' };
const connect = (code: string, reason: string): Examples['not-connected'][number] => [
  { host: 'db.example.com', port: 6543, database: 'app', user: 'deploy' },
  code,
  reason,
];
const failed = (sqlstate: string, message: string, sql: string) =>
  [file, name, message, sqlstate, [], sql] as Examples['migration-failed'][number];
const needs = (what: string, remedy: string) => ({ problem: `role deploy ${what}`, remedy });

/** Values for the words of each failure; several where the words depend on them. The compiler misses none. */
export const examples: Examples = {
  'command-line': [["unknown command 'chek'; did you mean check?"]],
  'npm-option': [['there is no option "--dryrun"; did you mean "--dry-run"?']],
  'bad-name': [['ünd/']],
  'writes-files': [['snapshot', 'has no dry run']],
  'not-readable': [
    [effect, 'no such file or directory'],
    ['migrations/schema/0000_prerequisites.json', 'no such file or directory'],
    ['.node-pg-migraterc.json', 'no such file or directory'],
    ['scripts/template.ts', 'illegal operation on a directory'],
  ],
  'not-writable': [[effect, 'permission denied']],
  'bad-file': [[`${effect}:3:5`, "Expected ',' or '}' after property value"]],
  'no-database': [
    ['DATABASE_URL', false],
    ['DATABASE_URL', true],
  ],
  'bad-url': [['DATABASE_URL', 'it does not begin with postgres://']],
  'migration-name': [['migrations/0002-b.ts'], ['migrations/0002_b.sql']],
  'duplicate-number': [['0002_a.ts', '0002_b.ts']],
  'bad-migration': [[file, 'does not export a function "down"']],
  irreversible: [[file]],
  'unknown-migration': [['0002_create-workflow']],
  'not-applied': [[name]],
  'base-schema': [['test/fixtures/base-schema.sql:7', 'syntax error at or near "TABEL"']],
  'row-without-file': [[['0006_a', '0007_b']]],
  'out-of-order': [[['migrations/0001_a.ts'], name]],
  'foreign-table': [['column m.run_on does not exist']],
  'plan-writes': [[file, 'cannot execute INSERT in a read-only transaction']],
  'not-connected': [
    connect('ECONNREFUSED', 'connect ECONNREFUSED 10.0.0.1:6543'),
    connect('ETIMEDOUT', 'timeout expired'),
    connect('28P01', 'password authentication failed for user "deploy"'),
    connect('3D000', 'database "app" does not exist'),
  ],
  'too-old': [['13.2', 14]],
  'connection-lost': [['Connection terminated unexpectedly']],
  'server-error': [
    ['could not read block 7', 'XX001'],
    ['relation "a" does not exist', '42P01'],
  ],
  problems: [
    [
      [
        needs(
          'may not create objects in schema public',
          'GRANT CREATE ON SCHEMA public TO deploy;',
        ),
        needs('may not refer to public.users', 'GRANT REFERENCES ON public.users TO deploy;'),
      ],
      'app',
    ],
  ],
  'pooled-search-path': [[file, 'deploy', '"app", "public", "pg_temp"']],
  'pooled-session': [[file, 'SET lock_timeout = 0;']],
  'run-lock-lost': [[]],
  'run-lock': [
    [60, holder],
    [0, undefined],
  ],
  'table-lock': [
    [10, [holder]],
    [0, []],
  ],
  overtaken: [[null], [name]],
  'migration-failed': [
    [file, null, 'no such thing', '', ['line 3 at SQL statement'], 'ALTER TABLE a\n  ADD b int'],
    failed('55P04', 'unsafe use of new value "new" of enum type mood', `SELECT 'new'::mood`),
    failed(
      '55006',
      'cannot ALTER TABLE "a" because it has pending trigger events',
      'ALTER TABLE a',
    ),
    failed('23505', 'could not create unique index "i"', 'CREATE UNIQUE INDEX i ON a (b)'),
    failed('23505', 'could not create unique index "i"', 'CREATE INDEX CONCURRENTLY i ON a (b)'),
    failed(
      '23514',
      'check constraint "c" of relation "a" is violated by some row',
      'ALTER TABLE a',
    ),
  ],
  'controls-transaction': [[file, 'COMMIT']],
  'table-changed': [['it has 1 migrations, where 2 were applied']],
  'late-statement': [['ALTER TABLE public.users ALTER name SET NOT NULL']],
  uncaught: [['Error: in a callback']],
  interrupted: [
    ['SIGTERM', name],
    ['SIGINT', null],
    ['SIGINT', undefined],
  ],
  'snapshot-failed': [[file, 'relation "a" does not exist', '42P01']],
  'in-the-way': [[name, 'operator does not exist: uuid = character varying', [changed]]],
  differs: [
    [name, 'up', [changed, missing], true],
    [name, 'up', [changed], false],
    [name, 'down', [missing], false],
  ],
  drift: [
    [name, [changed, missing], false],
    [null, [missing], true],
  ],
  'data-loss': [
    [
      [
        { table: 'public.user_workflows', column: null, count: 1 },
        { table: 'public.workflow_executions', column: 'template_id', count: 10_001 },
      ],
    ],
  ],
  'data-loss-unseen': [[['public.notes'], 'query would be affected by row-level security']],
  partial: [
    [name, true, false, 'up', 'what failed; nothing was changed', 'The hint of what failed.'],
    [null, false, true, 'status', 'what failed', 'Nothing was changed. The hint of what failed.'],
  ],
  'left-transaction': [[file]],
  internal: [['x is not a function']],
};
