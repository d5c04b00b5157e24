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
  readonly signal: AbortSignal;
  /** Rejects when the command is to end at once: a second after a signal, or on an error that nothing catches. */
  readonly abandoned: Promise<never>;
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
  const exit = process.exit.bind(process);
  process.exitCode = exitCodes.failed; // If the event loop empties before the command ends.
  process.exit = () => {
    throw new Error('a migration called process.exit');
  };
  // Migrations may call console.log. Send it to stderr: stdout carries only the result.
  globalThis.console = new Console(stderr);
  const write = stdout.write.bind(stdout);
  stdout.write = stderr.write.bind(stderr);
  // If the reader goes away (`| head`), the run still completes. A full disk must not pass for success.
  let writeError = '';
  stderr.on('error', () => undefined);
  stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (code !== 'EPIPE') writeError = message;
  });
  const forced = env['FORCE_COLOR']; // no-color.org, force-color.org
  const isTerminal = stdout.isTTY && stderr.isTTY && stdout.hasColors();
  const exitCode = await main({
    argv: argv.slice(2),
    env,
    root: process.cwd(),
    stdout: (text) => write(text),
    stderr: (text) => stderr.write(text),
    color: !env['NO_COLOR'] && forced !== '0' && Boolean(forced || isTerminal),
    ...interruptions(exit),
  });
  await new Promise<unknown>((resolve) => write('', resolve));
  await immediate(); // The error event comes after the callback.
  if (writeError === '') return exit(exitCode);
  stderr.write(`the output could not be written: ${writeError}\n\nThe command is done. ${STATUS}`);
  exit(exitCode === 0 ? exitCodes.error : exitCode);
}

/**
 * The first signal aborts the command, which has one second to roll back and to report. A second signal, if it
 * comes later than that, ends the process at once. An error that nothing catches also ends the command.
 */
function interruptions(exit: (exitCode: number) => never): Pick<Call, 'signal' | 'abandoned'> {
  const controller = new AbortController();
  let first = 0;
  const abandoned = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.on(signal, () => {
        // npm passes on a signal that the whole process group has received: the same one can come twice.
        if (first > 0 && Date.now() - first > 1000) exit(signal === 'SIGINT' ? 130 : 143);
        first ||= Date.now();
        controller.abort(signal);
        setTimeout(reject, 1000, signal);
      });
    process.on('uncaughtException', (cause: unknown) => {
      // A statement that a migration did not await has failed: the run knows that, and fails as well.
      const isKnown = cause instanceof Failure && cause.code === 'late-statement';
      if (isKnown || sqlstateOf(cause) !== '') return;
      reject(failure('uncaught', [String(cause)], { cause }));
    });
  });
  abandoned.catch(() => undefined);
  return { signal: controller.signal, abandoned };
}
