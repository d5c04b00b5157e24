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
  readonly color: { readonly stdout: boolean; readonly stderr: boolean };
  /** Whether stderr is a terminal: a long statement then has a bar. */
  readonly terminal: boolean;
  readonly signal: AbortSignal;
  /** Rejected where nothing is left to wait for and the command is not over, or an error that nobody waits for happens. */
  readonly stuck?: Promise<never>;
}

const STATUS = 'See what is applied:  npm run migrate status';

/** Runs `main` as the program of this process if `url` is the file that Node.js was started with. */
export function runAsProgram(url: string, main: (call: Call) => Promise<number>): void {
  const [, started] = process.argv;
  const isStarted =
    started !== undefined && pathToFileURL(createRequire(url).resolve(started)).href === url;
  if (isStarted) void start(main);
}

async function start(main: (call: Call) => Promise<number>): Promise<void> {
  // A migration may call process.exit(); that does not pass for success.
  let isOver = false;
  const leave = (exitCode: number): never => {
    isOver = true;
    process.exit(exitCode);
  };
  process.on('exit', () => {
    if (isOver) return;
    console.error(
      `failed: a migration ended the process (process.exit)\n\nThe server rolls back what was not committed. ${STATUS}`,
    );
    process.exitCode = exitCodes.failed;
  });
  // Migrations may call console.log. Send it to stderr: stdout carries only the result.
  globalThis.console = new Console(process.stderr);
  // If the reader goes away (`| head`), the run still completes. A full disk must not pass for success.
  let writeError: string | undefined;
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (code !== 'EPIPE') writeError = message;
  });
  const exitCode = await main({
    argv: process.argv.slice(2),
    env: process.env,
    root: process.cwd(),
    stdout: (text) => process.stdout.write(text),
    stderr: (text) => process.stderr.write(text),
    color: {
      stdout: wantsColor(process.stdout, process.env),
      stderr: wantsColor(process.stderr, process.env),
    },
    terminal: isTerminal(process.stderr),
    signal: abortOnSignals(leave),
    stuck: rejectWhenStuck(),
  });
  await new Promise((resolve) => process.stdout.write('', resolve));
  await immediate(); // The error event comes after the callback.
  const lost =
    writeError === undefined
      ? ''
      : `the output could not be written: ${writeError}\n\nThe command itself is done. ${STATUS}\n`;
  await new Promise((resolve) => process.stderr.write(lost, resolve));
  leave(exitCode === 0 && lost !== '' ? exitCodes.error : exitCode);
}

/** The first signal stops the run in order; another one, more than a second later, ends the process at once. */
function abortOnSignals(leave: (exitCode: number) => never): AbortSignal {
  const controller = new AbortController();
  let first = 0;
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      // npm passes on a signal that its process group has received already, so the same one can come twice.
      if (controller.signal.aborted && Date.now() - first > 1000)
        leave(signal === 'SIGINT' ? 130 : 143);
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
    process.on('uncaughtException', (reason: unknown) => {
      // Errors of the server and late statements are noted by the run, which fails by them.
      if (
        sqlstateOf(reason) !== undefined ||
        (reason instanceof Failure && reason.code === 'late-statement')
      )
        return;
      reject(
        new Error(`an error was thrown that nothing catches: ${String(reason)}`, { cause: reason }),
      );
    });
  });
  stuck.catch(() => undefined);
  return stuck;
}

/** A terminal, unless NO_COLOR says no or FORCE_COLOR yes (no-color.org). */
function wantsColor(
  stream: NodeJS.WriteStream,
  { NO_COLOR, FORCE_COLOR, TERM }: NodeJS.ProcessEnv,
): boolean {
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '') return FORCE_COLOR !== '0';
  return isTerminal(stream) && TERM !== 'dumb';
}

/** `isTTY` is undefined in a pipe, whatever the types say. */
const isTerminal = ({ isTTY }: { readonly isTTY?: boolean }): boolean => isTTY ?? false;
