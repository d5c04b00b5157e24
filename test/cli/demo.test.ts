import { once } from 'node:events';
import { chmodSync, cpSync, readdirSync, symlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { call } from '../support/call.ts';
import { reversible } from '../support/migrations.ts';
import { startProgram } from '../support/migrate.ts';
import { temporaryFolder } from '../support/project.ts';
import { root } from '../support/root.ts';

/** A folder that the user of an embedded server can reach, even if the tests run as root. */
function reachableFolder(): string {
  const folder = temporaryFolder();
  chmodSync(folder, 0o755);
  return folder;
}

const isRefused = async (port: string) => {
  await expect(once(connect(Number(port), '127.0.0.1'), 'connect')).rejects.toThrow('ECONNREFUSED');
};

test('`npm start` succeeds, prints less than 35 lines, and leaves no files or server behind', async () => {
  const TMPDIR = reachableFolder();
  const { code, stdout } = await startProgram('npm', ['--silent', 'start'], { env: { TMPDIR } })
    .finished;
  expect(code).toBe(0);
  for (const text of ['42P01', 'up', 'changed column', 'exit code 6', 'npm run db'])
    expect(stdout).toContain(text);
  // Options come after `--`, so that the command also works if it is copied, with any version of npm.
  expect(/migrate down \d+ -- --allow/.test(stdout)).toBe(reversible.length > 0);
  // Beside one line for each migration.
  const lines = stdout.split('\n').filter((line) => !/^ +\+ +\d+_/.test(line));
  expect(lines.length).toBeLessThan(35);
  expect(readdirSync(TMPDIR).filter((name) => name.startsWith('workflow-migrations-'))).toEqual([]);
  await isRefused(/on port (\d+)/.exec(stdout)?.[1] ?? '');
});

test('`npm run db` starts a database with the base schema, until it is stopped', async () => {
  const folder = reachableFolder();
  for (const name of ['package.json', 'tsconfig.json', 'scripts', 'test'])
    cpSync(join(root, name), join(folder, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const argv = ['run', '--silent', 'db'];
  const { child, finished, printed } = startProgram('npm', argv, { cwd: folder });
  const [, url = ''] = /DATABASE_URL=([\w:/@.]+)/.exec(await printed('Ctrl-C')) ?? [];
  expect(await call(['up', '1'], { url })).toMatchObject({ code: 0 });
  child.kill('SIGTERM'); // A terminal sends Ctrl-C to all processes, but kill and timeout only to npm.
  expect((await finished).stdout).toContain('The server is stopped.');
  await isRefused(new URL(url).port);
});
