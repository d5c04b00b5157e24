import { expect, test } from 'vitest';
import { call, readReport, report, words } from '../support/call.ts';
import { creates, setUp, stateOf } from '../support/project.ts';
import { expectRefused, nowhere, refused } from './refused.ts';

/** Command lines that are refused. The keys are texts that the messages must contain. */
const wrong: Readonly<Record<string, readonly string[]>> = {
  'no command': [''],
  'did you mean check': ['chek'],
  'unknown command': ['migrate', 'constructor', 'version'],
  'did you mean --dry-run': ['up --dryrun', '--dri-run up', 'up --no-dry-run'],
  'did you mean --lock-timeout': ['up --lock-timeot 5s'],
  'unknown option': ['up -x', 'up -dry-run', 'up --dry-run=no', 'up --dry-run=', 'up --toString'],
  '--lock-wait': ['up --lock-wait', 'up --lock-wait=', 'up --lock-wait=5s', 'up --lock-wait -5'],
  '--connect-wait': ['up --connect-wait=soon'],
  '--retries': ['up --retries=1.5', 'up --retries=1e9'],
  '--lock-timeout': ['up --lock-timeout=5', 'up --lock-timeout=597h'],
  '--statement-timeout': ['up --statement-timeout=5parsecs'],
  'a number of migrations': ['redo 0', 'redo 00', 'redo all', 'redo -1', 'redo 0001'],
  'too many': ['up 1 2', 'check 1', 'plan up 1 2', 'plan 1 2'],
  name: ['create', 'create ../../etc/passwd'],
};
test.for(Object.entries(wrong))('refuses, with the message "%s": %j', async ([named, lines]) => {
  for (const line of lines) {
    const { exitCode, database, error } = await refused(line);
    expect([line, exitCode, database]).toEqual([line, 2, null]);
    expect(error.code).toBe('command-line');
    expect(error.message).toContain(named);
  }
});

test('refuses a word that is neither a migration nor a count, before anything connects', async () => {
  for (const line of ['up 0', 'up 1e9', 'down 00', 'down -1', 'up 0001.5', 'plan down 0', 'up a'])
    await expectRefused(line, { url: nowhere }, 'unknown-migration', 'not a migration, and not');
});

test('accepts correct command lines, and goes on to connect', async () => {
  for (const line of [
    'check --strict --quiet',
    '--retries 5 --lock-wait 0.5 up 3',
    'up --lock-timeout=500ms --statement-timeout=none',
    'up --lock-timeout=10min --statement-timeout=99h --connect-wait=0',
    'redo 2 --allow-data-loss=true --statement-timeout=10m',
    'plan down 0003',
  ])
    expect([line, (await refused(line)).error.code]).toEqual([line, 'not-connected']);
});

test.for([
  ['chek --json', {}],
  ['--json=true chek', {}],
  ['chek', { npm_config_json: 'true' }],
] as const)('prints JSON if a wrong command line asks for it: %s %j', async ([line, env]) => {
  const { stdout } = await call(words(line), { env });
  expect(readReport(stdout)).toMatchObject({ command: null, error: { code: 'command-line' } });
});

test.for(['help', '--help', '-h', 'up --help', 'help up', '--version'])(
  'prints only the help or the version: "%s"',
  async (line) => {
    const plain = await call(words(line));
    expect(plain).toMatchObject({ code: 0, stderr: '' });
    expect(plain.stdout).toMatch(line === '--version' ? /^\d+\.\d+\.\d+\n$/ : /^Usage: /);
    const { output = '', ...json } = await report(line);
    expect(`${output}\n`).toBe(plain.stdout);
    const command = line === '--version' ? 'version' : 'help';
    expect(json).toMatchObject({ command, exitCode: 0, error: null, database: null });
    expect((await call([...words(line), '--quiet'])).stdout).toBe(plain.stdout);
  },
);

test('up and down take a count, or the number, the name or the file of a migration', async () => {
  const { root, url, run } = await setUp(creates('make_a', 'b', 'c'));
  for (const [line, version] of [
    ['down', null],
    ['up 1', '0001_make_a'],
    ['up 0002_b', '0002_b'],
    ['up 0001', '0002_b'],
    ['up 0003', '0003_c'],
    ['down 0002', '0002_b'],
    ['down 0001_make_a', '0001_make_a'],
    ['up migrations/0003_c.ts', '0003_c'],
    ['redo', '0003_c'],
    ['redo 2', '0003_c'],
    ['down 2', '0001_make_a'],
    ['up 2', '0003_c'],
    ['down 99', null],
    ['up', '0003_c'],
    ['down 3', null],
    ['up 99', '0003_c'],
    ['down', '0002_b'],
  ] as const)
    expect([line, (await run(line)).version]).toEqual([line, version]);
  for (const argument of ['0002_bb', '', '0004', 'up', 'dry-run', '–dry-run'])
    await expectRefused(['down', argument], { root, url }, 'unknown-migration');
  await expectRefused('down 0003', { root, url }, 'not-applied');
});

test('a dry run of up, down and redo is a plan, wherever the option stands, and writes nothing', async () => {
  const { run, database } = await setUp(creates('a', 'b', 'c'));
  for (const applied of [0, 2]) {
    if (applied > 0) await run(`up ${applied}`);
    const before = await stateOf(database);
    for (const line of [
      'up --dry-run',
      '--dry-run up',
      '-- up --dry-run',
      'up -- --dry-run',
      'up --dry-run=true',
      'up 0002 --strict --allow-data-loss --dry-run',
      'down --dry-run',
      'redo 2 --lock-wait=0 --dry-run',
      'plan --dry-run',
    ])
      expect([line, (await run(line)).outcome]).toEqual([line, 'planned']);
    for (const line of ['status --dry-run', 'check --dry-run'])
      expect([line, (await run(line)).outcome]).toEqual([line, 'matches']);
    expect(await stateOf(database)).toEqual(before);
  }
});

test.for(['create add-tags', 'snapshot'])('refuses a dry run of "%s"', async (line) => {
  const { root, url } = await setUp({});
  await expectRefused(`${line} --dry-run`, { root, url }, 'writes-files');
});
