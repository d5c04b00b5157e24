import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startProgram, typescript } from '../support/migrate.js';
import { root } from '../support/root.js';

test('`npm start` tells the whole story', async () => {
  const { code, stdout } = await startProgram('npm', ['start'], {}).finished;
  expect(stdout).toContain('ERROR 42P01: relation "user_workflows" does not exist');
  expect(stdout).toContain('The server is stopped');
  expect(code).toBe(0);
});

test('when the demonstration is killed, its server and its files go too', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'demo-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o755);
  const { child, finished, printed } = startProgram(process.execPath, [...typescript, join(root, 'test/demo.ts')], {
    env: { TMPDIR: folder },
  });
  const [, port] = /on port (\d+)/.exec(await printed('The page /workflows asks')) ?? [];
  const serverFiles = () => readdirSync(folder).filter((name) => name.startsWith('workflow-migrations-'));
  expect(serverFiles()).toHaveLength(1);

  child.kill('SIGKILL');
  await finished; // with whatever holds its output: the keeper of the server
  expect(serverFiles()).toEqual([]);
  await expect(once(connect(Number(port), '127.0.0.1'), 'connect')).rejects.toThrow('ECONNREFUSED');
});
