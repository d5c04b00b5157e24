/**
 * Starts a server, and stops it when stdin ends: the parent process has closed it, exited, or was killed.
 * This process is detached, so that Ctrl-C in a terminal does not reach it. Its argument is a JSON object:
 *   start    the commands to run first, in order, each [file, ...arguments]; then this process prints `ready`
 *   stop     the command to run when stdin has ended
 *   options  uid, gid, env and cwd for the commands
 *   log      a file whose end is printed if a command fails
 *   remove   a folder to delete at the end, or null
 * If a command fails, this process prints the error, deletes the folder, and exits with 1.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';

const { start, stop, options, log, remove } = JSON.parse(process.argv[2] ?? '');
const run = ([file, ...args]) =>
  execFileSync(file, args, { ...options, encoding: 'utf8', stdio: 'pipe' });

// If the parent has ended, writing to stdout fails. The server must be stopped nevertheless.
process.stdout.on('error', () => {});

try {
  start.forEach(run);
  process.stdout.write('ready\n');
  process.stdin.resume();
  await new Promise((resolve) => process.stdin.once('close', resolve));
  run(stop);
} catch (error) {
  process.exitCode = 1;
  process.stdout.write(
    `${error.message}\n${existsSync(log) ? readFileSync(log, 'utf8').slice(-2000) : ''}`,
  );
} finally {
  if (remove !== null) rmSync(remove, { recursive: true, force: true });
}
