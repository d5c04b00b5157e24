import { expect, test } from 'vitest';
import { interrupted } from '../../scripts/cli/process.ts';
import { TAKE_RUN_LOCK } from '../support/eventually.ts';
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

test('warnings, data loss, a lock and a signal are reported as JSON', async () => {
  const { root, url, database, run } = await setUp(creates('a'));
  await run('up');
  await database.query('INSERT INTO a VALUES (1); CREATE INDEX by_id ON a (id)');
  const session = await database.connect();
  const [expected, found] = [null, 'USING btree (id)'];
  const differences = [{ kind: 'unexpected', object: 'index public.by_id', expected, found }];
  const kept = { version: '0001_a', reverted: [] };
  expect(await run('check')).toMatchObject({ exitCode: 0, error: null, differences });
  expect(await run('down')).toMatchObject({ exitCode: 7, outcome: 'data-loss', ...kept });
  await session.query(TAKE_RUN_LOCK);
  const locked = { exitCode: 4, error: { code: 'run-lock' }, ...kept };
  expect(await run('down --lock-wait=0')).toMatchObject(locked);
  for (const [reason, exitCode] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    const signal = AbortSignal.abort(interrupted(reason));
    const stopped = await report('down', { url, root, signal });
    expect(stopped).toMatchObject({ exitCode, outcome: 'failed', error: { code: 'interrupted' } });
  }
});
