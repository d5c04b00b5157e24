/**
 * Keeps what its parent started, and undoes it when the parent is gone, however that came about.
 *
 * Started detached, so that Ctrl-C in a terminal does not reach it, with a pipe as its stdin: the pipe ends when the
 * parent closes it, exits, crashes or is killed. Its argument, as JSON:
 *   start    commands to run first, in order, each [file, ...arguments]; then it prints `ready`
 *   stop     the command to run when stdin has ended
 *   options  uid, gid, env and cwd for the commands
 *   log      a file whose end is printed when a start command fails
 *   remove   a folder to delete at the end, or null
 * When a start command fails, it prints why, undoes at once, and exits with 1.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';

const { start, stop, options, log, remove } = JSON.parse(process.argv[2] ?? '');
const run = ([file, ...args]) =>
  execFileSync(file, args, { ...options, encoding: 'utf8', stdio: 'pipe' });

// The parent may be gone before it could read the answer.
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
