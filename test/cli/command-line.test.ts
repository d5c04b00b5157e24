import { expect, test } from 'vitest';
import { call } from '../support/call.js';
import { smallProject } from '../support/small-project.js';
import { testDatabase } from '../support/test-database.js';
import { nowhere, readReport, refused, report, stateOf, words } from './report.js';

test.for([
  ['', 'no command'],
  ['chek', 'did you mean check'],
  ['migrate', 'migrate'],
  ['constructor', 'constructor'],
  ['version', 'version'],
  ['up --dryrun', 'did you mean --dry-run'],
  ['--dri-run up', 'did you mean --dry-run'],
  ['up --no-dry-run', '--no-dry-run'],
  ['up --dry-run=no', '--dry-run=no'],
  ['up --dry-run=', '--dry-run='],
  ['up --dryrun=true', '--dryrun'],
  ['up -dry-run', '-d'],
  ['up --toString', '--toString'],
  ['up --lock-timeot 5s', 'did you mean --lock-timeout'],
  ['up -x', '-x'],
  ['up --lock-wait', '--lock-wait'],
  ['up --lock-wait=', '--lock-wait'],
  ['up --lock-wait=-1', '--lock-wait'],
  ['up --lock-wait --dry-run', '--lock-wait'],
  ['up --connect-wait=soon', '--connect-wait'],
  ['up --retries=1.5', '--retries'],
  ['up --retries=1e9', '--retries'],
  ['up --lock-timeout=5', '--lock-timeout'],
  ['up --lock-timeout=597h', '--lock-timeout'],
  ['up --statement-timeout=5parsecs', '--statement-timeout'],
  ['up 0', '"0"'],
  ['up 1e9', '"1e9"'],
  ['down 00', '"00"'],
  ['down -1', '"-1"'],
  ['down 1.5', '"1.5"'],
  ['plan down 0', '"0"'],
  ['redo all', '"all"'],
  ['redo 0001', '"0001"'],
  ['up 1 2', 'too many'],
  ['check 1', 'too many'],
  ['plan 1 2', '"2"'],
  ['plan up 1 2', 'too many'],
  ['create', 'name'],
  ['create ../../etc/passwd', '../../etc/passwd'],
] as const)('refuses "%s" with exit code 2', async ([line, named]) => {
  const { exitCode, outcome, database, error } = await refused(words(line));
  expect({ exitCode, outcome, database }).toEqual({
    exitCode: 2,
    outcome: 'usage',
    database: null,
  });
  expect(['command-line', 'bad-name']).toContain(error.code);
  expect(error.message).toContain(named);
});

test.for([
  'up',
  'check --strict --quiet',
  'up --retries 5',
  '--retries 5 --lock-wait 0.5 up 3',
  'up --lock-timeout=500ms --statement-timeout=none',
  'up --lock-timeout=10min --statement-timeout=99h',
  'up --statement-timeout=10m',
  'plan down 2',
  'redo 2 --allow-data-loss=true',
  'up 0003',
])('understands "%s", and goes on to connect', async (line) => {
  expect((await refused(words(line))).error.code).toBe('not-connected');
});

test.for([
  ['chek --json', {}],
  ['--json=true chek', {}],
  ['chek', { npm_config_json: 'true' }],
] as const)('prints JSON if a wrong command line asks for it: %s %j', async ([line, env]) => {
  const { stdout } = await call(words(line), { env });
  expect(readReport(stdout)).toMatchObject({ command: null, error: { code: 'command-line' } });
});

test.for(['help', '--help', '-h', 'up --help', 'help up', '--version'])('"%s"', async (line) => {
  const plain = await call(words(line));
  expect(plain).toMatchObject({ code: 0, stderr: '' });
  expect(plain.stdout).toMatch(line === '--version' ? /^\d+\.\d+\.\d+\n$/ : /^Usage: /);
  const { output = '', ...json } = (await call(['--json', ...words(line)])).json();
  expect(`${output}\n`).toBe(plain.stdout);
  expect(json).toMatchObject({ exitCode: 0, error: null, database: null });
  expect(await call([...words(line), '--quiet'])).toEqual({
    ...plain,
    json: expect.anything() as unknown,
  });
});

test('"--version --json"', async () => {
  expect((await report('--version')).output).toMatch(/^\d/);
});

test('up and down take a count, a number, a name or a file', async () => {
  const root = smallProject(['make_a', 'b', 'c']);
  const { url } = await testDatabase({ base: false });
  for (const [line, version] of [
    ['up 1', '0001_make_a'],
    ['up 0002_b', '0002_b'],
    ['up 0001', '0002_b'],
    ['up 0003', '0003_c'],
    ['down 0002', '0002_b'],
    ['down 0001_make_a', '0001_make_a'],
    ['up migrations/0003_c.ts', '0003_c'],
    ['redo', '0003_c'],
    ['down 99', null],
    ['up 99', '0003_c'],
    ['down', '0002_b'],
  ] as const)
    expect([line, (await report(line, { root, url })).version]).toEqual([line, version]);
  for (const [argument, code, named] of [
    ['0002_bb', 'unknown-migration', '0002_b'],
    ['', 'unknown-migration', ''],
    ['0004', 'unknown-migration', '0004'],
    ['dry-run', 'unknown-migration', ''],
    ['–dry-run', 'unknown-migration', ''],
    ['0003', 'not-applied', '0003'],
  ] as const) {
    const json = (await call(['down', argument, '--json'], { root, url })).json();
    expect([json.exitCode, json.error?.code]).toEqual([2, code]);
    expect(json.error?.message).toContain(named);
  }
});

test('a dry run of up, down and redo is a plan, wherever the option stands, and writes nothing', async () => {
  const root = smallProject(['a', 'b', 'c']);
  const database = await testDatabase({ base: false });
  const { url } = database;
  for (const applied of [0, 2]) {
    if (applied > 0) await report(`up ${applied}`, { root, url });
    const before = await stateOf(database);
    for (const line of [
      'up --dry-run',
      '--dry-run up',
      '-- up --dry-run',
      'up -- --dry-run',
      'up --dry-run=true',
      'up --dry-run --dry-run 1 --retries 0',
      'up 0002 --strict --allow-data-loss --dry-run',
      'down --dry-run',
      '--dry-run down 2',
      'redo --dry-run',
      'redo 2 --lock-wait=0 --dry-run',
      'plan --dry-run',
    ])
      expect([line, (await report(line, { root, url })).outcome]).toEqual([line, 'planned']);
    for (const line of ['status --dry-run', 'check --dry-run'])
      expect([line, (await report(line, { root, url })).outcome]).toEqual([line, 'matches']);
    expect(await stateOf(database)).toEqual(before);
  }
});

test.for(['create add-tags', 'snapshot'])('refuses a dry run of "%s"', async (line) => {
  const { exitCode, error } = await refused([...words(line), '--dry-run'], { url: nowhere });
  expect([exitCode, error.code]).toEqual([2, 'writes-files']);
});
