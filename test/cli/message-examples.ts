import type { messages, MessageCode } from '../../scripts/report/messages.js';
import type { Difference } from '../../scripts/report/types.js';

/** Values for every failure's words, several where the words differ by them. The compiler misses none. */
type Examples = { readonly [Code in MessageCode]: readonly Parameters<(typeof messages)[Code]>[] };

const file = 'migrations/0002_create-user-workflows.ts';
const effect = 'migrations/schema/0002_create-user-workflows.json';
const name = '0002_create-user-workflows';
const place = { host: 'db.example.com', port: 6543, database: 'app', user: 'deploy' };
const changed: Difference = {
  kind: 'changed',
  object: 'column public.user_workflows.template_id',
  expected: 'character varying(255)',
  found: 'uuid',
};
const missing: Difference = {
  kind: 'missing',
  object: 'index public.idx_user_workflows_category',
  expected: 'btree (category)',
  found: null,
};
const holder = {
  pid: 4711,
  application: 'migrate up lock web-1:17',
  client: '10.0.0.7',
  age: 93,
  state: 'idle in transaction',
  query: '',
};
const blocker = { pid: 4712, application: '', client: 'local', age: 7, state: 'active', query: 'SELECT pg_sleep(600)' };
const connect = (code: string, reason: string): [typeof place, string, string] => [place, code, reason];

export const examples: Examples = {
  'no-command': [[]],
  'unknown-command': [['chek', 'check'], ['frobnicate']],
  'unknown-option': [['--dryrun', 'dry-run'], ['-x']],
  'swallowed-option': [['--dryrun', 'dry-run'], ['--what-if']],
  'swallowed-word': [['strict', 'down']],
  'flag-value': [['json', 'yes']],
  'no-value': [['lock-wait'], ['lock-timeout']],
  'bad-number': [
    ['lock-wait', 'x', 'seconds'],
    ['retries', '-1', 'count'],
  ],
  'bad-duration': [['lock-timeout', '5']],
  'bad-count': [['down', '0']],
  surplus: [['check', 'now']],
  'no-name': [[]],
  'bad-name': [['ünd/']],
  'no-dry-run': [['snapshot']],
  'needs-sources': [['create']],
  'settings-missing': [
    ['/srv/app', 'ENOENT'],
    ['/srv/app', 'EISDIR'],
  ],
  'settings-broken': [['.node-pg-migraterc.json', "Expected ',' or '}' after property value", ':3:5']],
  'settings-key': [['migration-dir', 'migrations-dir'], ['colour']],
  'settings-value': [
    ['check-order', 'boolean'],
    ['migrations-dir', 'name'],
  ],
  'no-database': [
    ['DATABASE_URL', false],
    ['DATABASE_URL', true],
  ],
  'bad-url': [['DATABASE_URL', 'it does not begin with postgres://']],
  'no-migrations': [
    ['migrations', 'ENOENT'],
    ['migrations', 'ENOTDIR'],
    ['migrations', 'EACCES'],
    ['migrations', 'ELOOP'],
  ],
  'duplicate-number': [['0002_a.ts', '0002_b.ts']],
  'effect-missing': [
    [effect, 'ENOENT'],
    [effect, 'EISDIR'],
    [effect, 'EACCES'],
    ['migrations/schema/0000_prerequisites.json', 'ENOENT'],
  ],
  'effect-empty': [[effect, file]],
  'migration-name': [['migrations/0002-b.ts']],
  'template-missing': [['scripts/template.ts', 'ENOENT']],
  'effect-broken': [[effect, 'Unexpected end of JSON input', ':1:2']],
  'effect-form': [[effect, 'tables > public.a > colums', 'is not known here; did you mean "columns"?']],
  'effect-contradiction': [[effect, 'column public.a.b', 'is removed, but no effect before made it']],
  'migration-broken': [[file, 'Unexpected token']],
  'migration-no-up': [[file]],
  'migration-no-down': [[file]],
  'migration-irreversible': [[file]],
  'unknown-migration': [['0002_create-user-workflow', name], ['nonsense']],
  'not-applied': [[name]],
  'ledger-without-file': [[['0006_a', '0007_b'], 'public.pgmigrations']],
  'ledger-foreign': [['public.pgmigrations', 'column m.run_on does not exist']],
  'ledger-twice': [[name, 'public.pgmigrations']],
  'ledger-order': [[['migrations/0001_a.ts'], name]],
  'effect-edited': [[[effect]]],
  'not-connected': [
    connect('ECONNREFUSED', 'connect ECONNREFUSED 10.0.0.1:6543'),
    connect('ENOTFOUND', 'getaddrinfo ENOTFOUND db.example.com'),
    connect('EAI_AGAIN', 'getaddrinfo EAI_AGAIN db.example.com'),
    connect('ENOENT', 'connect ENOENT /tmp/.s.PGSQL.5432'),
    connect('57P03', 'the database system is starting up'),
    connect('', 'SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string'),
    connect('28P01', 'password authentication failed for user "deploy"'),
    connect('28000', 'no pg_hba.conf entry for host "10.0.0.2"'),
    connect('3D000', 'database "app" does not exist'),
    connect('53300', 'sorry, too many clients already'),
    connect('', 'The server does not support SSL connections'),
    connect('', 'timeout expired'),
  ],
  'too-old': [['13.2', 14]],
  'connection-lost': [['Connection terminated unexpectedly']],
  'server-error': [
    ['could not read block 7', 'XX001'],
    ['relation "a" does not exist', '42P01'],
    ['permission denied to create database', '42501'],
    ['cannot execute CREATE DATABASE in a read-only transaction', '25006'],
  ],
  'run-lock-lost': [[]],
  overtaken: [[null], ['0001_create-workflow-templates']],
  obstacles: [
    [[{ problem: 'the server is a standby: it takes no writes', remedy: 'connect to the primary' }], 'app'],
    [
      [
        {
          problem: 'role deploy may not create in schema public',
          remedy: 'GRANT USAGE, CREATE ON SCHEMA public TO deploy;',
        },
        { problem: 'role deploy may not refer to public.users', remedy: 'GRANT REFERENCES ON public.users TO deploy;' },
      ],
      'app',
    ],
  ],
  'run-lock': [
    [60, holder],
    [0, undefined],
  ],
  'table-lock': [
    [10, [blocker]],
    [0, []],
  ],
  'partial-locked': [
    [name, 'up', 10, [blocker]],
    [null, 'redo', 1, []],
  ],
  'migration-failed': [
    [file, null, 'relation "a" does not exist', '42P01', ['line 3 at SQL statement'], 'ALTER TABLE a\n  ADD b int'],
    [file, name, 'no such thing', undefined, [], undefined],
    [file, name, 'syntax error', '42601', [], Array.from({ length: 14 }, (_, line) => `line ${line + 1}`).join('\n')],
  ],
  misfit: [[name, 'operator does not exist: uuid = character varying', [changed]]],
  differs: [
    [name, 'up', [changed, missing]],
    [name, 'down', [missing]],
    [null, 'down', [missing]],
  ],
  drift: [
    [name, [changed, missing], false],
    [null, [missing], true],
  ],
  'controls-transaction': [[file, 'COMMIT']],
  'ledger-rewritten': [['public.pgmigrations', ['0009_from-elsewhere'], ['0001_create-workflow-templates']]],
  'late-statement': [['ALTER TABLE public.users ALTER name SET NOT NULL']],
  'never-settles': [[]],
  'left-transaction': [[file]],
  partial: [[name, 'up', 'the message of what failed', 'The hint of what failed.']],
  'data-loss': [
    [
      [
        { table: 'public.user_workflows', what: 'rows', count: 1 },
        { table: 'public.workflow_executions', column: 'user_workflow_id', what: 'values', count: 10_001 },
        { table: 'public.workflow_executions', column: 'template_id', what: 'nulls', count: 1234 },
      ],
    ],
  ],
  interrupted: [
    ['SIGTERM', name],
    ['SIGINT', null],
    ['SIGINT', undefined],
  ],
  'not-written': [[effect, 'EACCES']],
  'file-exists': [['migrations/0006_a.ts']],
  'snapshot-failed': [[file, 'relation "a" does not exist']],
  'plan-writes': [[file, 'cannot execute INSERT in a read-only transaction']],
  internal: [['x is not a function']],
};
