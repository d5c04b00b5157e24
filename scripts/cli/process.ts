import { Console } from 'node:console';
import { createRequire } from 'node:module';
import { setImmediate as immediate } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { sqlstateOf } from '../database/pg-errors.js';
import { exitCodes, Failure, failure } from '../report/errors.js';

/** What the program is called with, and where its output goes. */
export interface Call {
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** The project's folder. */
  readonly root: string;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly color: boolean;
  /** Whether stderr is a terminal. */
  readonly terminal: boolean;
  readonly signal: AbortSignal;
  /** Rejected where a migration never finishes, or fails without anybody waiting for it. */
  readonly stuck?: Promise<never>;
}

type Main = (call: Call) => Promise<number>;
const STATUS = 'See what is applied:  npm run migrate status\n';

/** Runs `main` as the program of this process, if `url` is the file that Node.js was started with. */
export function runAsProgram(url: string, main: Main): void {
  const [, file] = process.argv;
  if (file !== undefined && pathToFileURL(createRequire(url).resolve(file)).href === url)
    void start(main);
}

async function start(main: Main): Promise<void> {
  const { argv, env, stdout, stderr } = process;
  const refuseExit = () => {
    const reason = 'failed: a migration ended the process (process.exit)';
    stderr.write(`${reason}\n\nWhat was not committed is rolled back. ${STATUS}`);
    process.exitCode = exitCodes.failed;
  };
  const leave = (exitCode: number): never => {
    process.off('exit', refuseExit);
    process.exit(exitCode);
  };
  process.on('exit', refuseExit);
  // Migrations may call console.log. Send it to stderr: stdout carries only the result.
  globalThis.console = new Console(stderr);
  // If the reader goes away (`| head`), the run still completes. A full disk must not pass for success.
  let writeError = '';
  stderr.on('error', () => undefined);
  stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (code !== 'EPIPE') writeError = message;
  });
  const exitCode = await main({
    argv: argv.slice(2),
    env,
    root: process.cwd(),
    stdout: (text) => stdout.write(text),
    stderr: (text) => stderr.write(text),
    color: wantsColor(env),
    terminal: stderr.isTTY,
    signal: abortOnSignals(leave),
    stuck: rejectWhenStuck(),
  });
  await new Promise((resolve) => stdout.write('', resolve));
  await immediate(); // The error event comes after the callback.
  if (writeError === '') leave(exitCode);
  stderr.write(`the output could not be written: ${writeError}\n\nThe command is done. ${STATUS}`);
  leave(exitCode === 0 ? exitCodes.error : exitCode);
}

/** The first signal stops the run in order; another one, a second later, ends the process at once. */
function abortOnSignals(leave: (exitCode: number) => never): AbortSignal {
  const controller = new AbortController();
  let first = 0;
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      // npm passes on a signal that the whole process group has received: the same one can come twice.
      if (first > 0 && Date.now() - first > 1000) leave(signal === 'SIGINT' ? 130 : 143);
      first ||= Date.now();
      controller.abort(signal);
    });
  return controller.signal;
}

function rejectWhenStuck(): Promise<never> {
  const stuck = new Promise<never>((_, reject) => {
    process.once('beforeExit', () => {
      reject(failure('failed', 'never-settles', []));
    });
    process.on('uncaughtException', (cause: unknown) => {
      // A run knows the errors of the server and late statements, and fails by them.
      const isKnown = cause instanceof Failure && cause.code === 'late-statement';
      if (isKnown || sqlstateOf(cause) !== '') return;
      reject(new Error(`an error was thrown that nothing catches: ${String(cause)}`, { cause }));
    });
  });
  stuck.catch(() => undefined);
  return stuck;
}

/** On terminals, unless NO_COLOR says no or FORCE_COLOR yes (no-color.org). */
function wantsColor({ NO_COLOR, FORCE_COLOR, TERM }: NodeJS.ProcessEnv): boolean {
  const isTerminal = process.stdout.isTTY && process.stderr.isTTY && TERM !== 'dumb';
  return !NO_COLOR && (FORCE_COLOR ? FORCE_COLOR !== '0' : isTerminal);
}
