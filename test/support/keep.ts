import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { root } from './root.ts';
import type { ServerUser } from './server-user.ts';

/** A program and its arguments. */
export type Command = readonly [file: string, ...args: string[]];

/** The argument of keeper.mjs, which describes the fields. */
export interface Task {
  readonly start: readonly Command[];
  readonly stop: Command;
  readonly options: ServerUser & { readonly cwd: string; readonly env: NodeJS.ProcessEnv };
  readonly log: string;
  readonly remove: string | null;
}

/**
 * Starts a server by the task's start commands. Returns a function that runs the stop command. If this
 * process ends before, even by `kill -9`, keeper.mjs runs the stop command.
 */
export async function keep(task: Task): Promise<() => Promise<void>> {
  const argv = [join(root, 'test/support/keeper.mjs'), JSON.stringify(task)];
  const env = { PATH: process.env['PATH'] };
  const options = { detached: true, env };
  const keeper = spawn(process.execPath, argv, { ...options, stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(keeper, 'exit');
  const first = once(keeper.stdout, 'data').then(String);
  const answer = await Promise.race([first, exited.then(() => '')]);
  if (answer !== 'ready\n') {
    const rest = await text(keeper.stdout);
    await exited;
    throw new Error(`the server did not start: ${answer}${rest}`);
  }
  const printed = text(keeper.stdout);
  return async () => {
    keeper.stdin.end();
    const [code] = (await exited) as [number | null];
    if (code !== 0) throw new Error(`the server did not stop cleanly: ${await printed}`);
  };
}
