import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { messageOf } from '../database/pg-errors.ts';
import { exitCodes, Failure, failure } from '../report/errors.ts';
import { STATUS_HINT } from '../report/wording.ts';

/** What the program gets from its process: the command line, the environment, the output, and the signals. */
export interface Call {
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly root: string;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly color: boolean;
  /** Aborted when the command must end, for example after SIGINT. The reason is a {@link Failure}. */
  readonly signal: AbortSignal;
}

/** Runs `main` if Node.js was started with the file `url` or a link to it, not if it was only imported. */
export function runAsProgram(url: string, main: (call: Call) => Promise<number>): void {
  const [, file] = process.argv;
  if (file !== undefined && pathToFileURL(createRequire(url).resolve(file)).href === url)
    void start(main);
}

async function start(main: (call: Call) => Promise<number>): Promise<void> {
  const { argv, env, stdout, stderr } = process;
  const exit = process.exit.bind(process);
  // Hides a deprecation warning of `pg` 8 about ~/.pgpass. Node's --no-deprecation makes this read-only.
  process.noDeprecation ||= true;
  process.exitCode = exitCodes.failed; // The exit code if the process ends without the exit() below.
  process.exit = () => {
    throw new Error('a migration called process.exit');
  };
  // Send what migrations print to stderr: stdout carries only the result.
  const write = stdout.write.bind(stdout);
  stdout.write = stderr.write.bind(stderr);
  // EPIPE: the reader of stdout has ended, as in `| head`. The run goes on. Report other errors, but once.
  let writeExitCode = 0;
  stderr.on('error', () => undefined);
  stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE' || writeExitCode > 0) return;
    writeExitCode = exitCodes.error;
    stderr.write(`the output was lost: ${message}\nThe command is done. ${STATUS_HINT}\n`);
  });
  const { NO_COLOR, FORCE_COLOR } = env; // See no-color.org and force-color.org.
  const isTerminal = stdout.isTTY && stderr.isTTY && stdout.hasColors();
  const exitCode = await main({
    argv: argv.slice(2),
    env,
    root: process.cwd(),
    stdout: write,
    stderr: (text) => stderr.write(text),
    color: !NO_COLOR && FORCE_COLOR !== '0' && Boolean(FORCE_COLOR || isTerminal),
    signal: createAbortSignal(exit),
  });
  await new Promise<unknown>((resolve) => write('', resolve)); // Wait until all output is written.
  exit(exitCode || writeExitCode);
}

/** Makes the failure for SIGINT or SIGTERM, with which {@link Call.signal} is aborted. */
export const interrupted = (signal: 'SIGINT' | 'SIGTERM') =>
  failure('interrupted', [signal], { exitCode: signal === 'SIGINT' ? 130 : 143 });

/**
 * Returns an AbortSignal that SIGINT, SIGTERM or an uncaught error aborts. The command then has about one
 * second to report. If another signal comes after this second, the process ends at once.
 */
function createAbortSignal(exit: (exitCode: number) => never): AbortSignal {
  const controller = new AbortController();
  let firstAt = 0;
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      const reason = interrupted(signal);
      // One Ctrl-C can cause two signals: one from the terminal, and one from npm, which passes it on.
      if (firstAt > 0 && Date.now() - firstAt > 1000) exit(reason.exitCode);
      firstAt ||= Date.now();
      controller.abort(reason);
    });
  process.on('uncaughtException', (cause: unknown) => {
    const isFailure = cause instanceof Failure; // A refused statement that nothing awaits throws one.
    controller.abort(isFailure ? cause : failure('uncaught', [messageOf(cause)], { cause }));
  });
  return controller.signal;
}
