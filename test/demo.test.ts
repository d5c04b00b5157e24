import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startProgram, typescript } from './support/migrate.js';
import { root } from './support/root.js';

test('`npm start` tells the whole story', async () => {
  const { code, stdout } = await startProgram('npm', ['start'], {}).finished;
  expect(stdout).toContain('ERROR 42P01: relation "user_workflows" does not exist');
  expect(stdout).toContain('The server is stopped');
  expect(code).toBe(0);
});

test('the server of a demonstration that is killed goes too', async () => {
  const { child, finished, printed } = startProgram(process.execPath, [...typescript, join(root, 'test/demo.ts')], {});
  const [, port] = /on port (\d+)/.exec(await printed('The page /workflows asks:')) ?? [];
  const connection = connect(Number(port), '127.0.0.1');
  await once(connection, 'connect');

  child.kill('SIGKILL');
  await finished;
  await once(connection, 'close');
});
