import { expect, test } from 'vitest';
import { interrupted } from '../../scripts/cli/process.ts';
import { readReport, report, words } from '../support/call.ts';
import { creates, setUp } from '../support/project.ts';

test('with --json, every command prints one object on stdout, and nothing on stderr', async () => {
  const { database, print } = await setUp({ ...creates('a'), 'scripts/template.ts': '' });
  for (const [line, outcome, version, applied, reverted, pending] of [
    ['plan', 'planned', null, '', '', '0001_a'],
    ['up', 'applied', '0001_a', '0001_a', '', ''],
    ['up', 'nothing-to-do', '0001_a', '', '', ''],
    ['status', 'matches', '0001_a', '', '', ''],
    ['check', 'matches', '0001_a', '', '', ''],
    ['redo', 'applied', '0001_a', '0001_a', '0001_a', ''],
    ['plan down', 'planned', '0001_a', '', '', ''],
    ['down --dry-run', 'planned', '0001_a', '', '', ''],
    ['down', 'reverted', null, '', '0001_a', '0001_a'],
    ['down', 'nothing-to-do', null, '', '', '0001_a'],
    ['status', 'matches', null, '', '', '0001_a'],
    ['snapshot', 'applied', null, '', '', ''],
    ['create next', 'applied', null, '', '', '0002_next'],
  ] as const) {
    const { code, stdout, stderr } = await print(`${line} --json`);
    expect([line, code, stderr]).toEqual([line, 0, '']);
    const json = readReport(stdout);
    const names = [json.applied, json.reverted].map((done) => done.map((one) => one.name).join());
    const found = [line, json.outcome, json.version, ...names, json.pending.join()];
    expect(found).toEqual([line, outcome, version, applied, reverted, pending]);
    expect(json.command).toBe(words(line)[0]);
    const isConnected = !/create|snapshot/.test(line);
    expect(json.database?.name).toEqual(isConnected ? database.name : undefined);
  }
});

test.for([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s before the run connects ends it: exit code %i', async ([reason, exitCode]) => {
  const { url, root } = await setUp(creates('a'));
  const signal = AbortSignal.abort(interrupted(reason));
  const stopped = await report('up', { url, root, signal });
  expect(stopped).toMatchObject({ exitCode, outcome: 'failed', error: { code: 'interrupted' } });
});
