import { Console } from 'node:console';
import { setImmediate as immediate } from 'node:timers/promises';
import { Failure, failure, failures, sqlstateOf } from './errors.js';
import { RUN } from './report/wording.js';

const SEE = `See where the database is:  ${RUN} status`;

/** Whether it is this program that ends the process. */
let isOver = false;
function leave(exitCode: number): never {
  isOver = true;
  process.exit(exitCode);
}
process.on('exit', () => {
  if (isOver) return;
  console.error(
    `failed: a migration ended the process (process.exit)\n\nWhat was not committed is rolled back by the server. ${SEE}`,
  );
  process.exitCode = failures.failed;
});

const controller = new AbortController();
let signalled = 0;
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    // The first one stops the run in order; whoever insists is obeyed. npm hands on what its whole group got already.
    if (controller.signal.aborted && Date.now() - signalled > 1000) leave(signal === 'SIGINT' ? 130 : 143);
    signalled ||= Date.now();
    controller.abort(signal);
  });

// What a migration prints is not the answer, of which stdout holds nothing else.
globalThis.console = new Console(process.stderr);

// Whoever reads may go away (`| head`): a run goes on to its end all the same. A disk that is full is another matter: half
// a plan must not pass for a whole one.
let unwritten: string | undefined;
process.stderr.on('error', () => undefined);
process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
  if (code !== 'EPIPE') unwritten = message;
});

// Node.js 20 has no `navigator`, and so `pg`, when it is loaded, makes a `Response` to see whether it is in a Cloudflare
// Worker: Node loads all of `fetch` for that, which takes longer than to connect.
if (!('navigator' in globalThis)) Object.assign(globalThis, { navigator: { userAgent: 'Node.js' } });
// A migration may wait for what never comes, or not wait for what fails: neither may end the process as if all were well.
const stuck = new Promise<never>((_, reject) => {
  process.once('beforeExit', () => {
    reject(failure('failed', 'never-settles', []));
  });
  process.on('uncaughtException', (reason: unknown, origin) => {
    // What the server refused, and what came too late, the run has noted, and fails by it.
    if (sqlstateOf(reason) !== undefined || (reason instanceof Failure && reason.code === 'late-statement')) return;
    const what =
      origin === 'uncaughtException'
        ? 'an error was thrown that nothing catches'
        : 'a promise that nothing waits for was rejected';
    reject(reason instanceof Failure ? reason : new Error(`${what}: ${String(reason)}`, { cause: reason }));
  });
});
stuck.catch(() => undefined);
// Not by a top-level `await`: the compiled form is CommonJS, which Node loads in half the time.
const finished = import('./main.js').then(async ({ main }) => {
  const exitCode = await main({
    argv: process.argv.slice(2),
    env: process.env,
    root: process.cwd(),
    stdout: (text) => process.stdout.write(text),
    stderr: (text) => process.stderr.write(text),
    color: { stdout: wantsColor(process.stdout, process.env), stderr: wantsColor(process.stderr, process.env) },
    terminal: isTerminal(process.stderr),
    signal: controller.signal,
    stuck,
  });
  // When all is written. To take the heap apart as well is what Node does without this, and takes it a while.
  await new Promise((resolve) => process.stdout.write('', resolve));
  await immediate(); // The event of an error comes after its answer.
  const lost =
    unwritten === undefined
      ? ''
      : `the output could not be written: ${unwritten}\n\nAll else is done, and stays. ${SEE}\n`;
  await new Promise((resolve) => process.stderr.write(lost, resolve));
  leave(exitCode === 0 && lost !== '' ? 1 : exitCode);
});
// What could not even be loaded: a package that is missing.
finished.catch((error: unknown) => {
  console.error(error);
  leave(1);
});

/** A terminal, unless NO_COLOR says no or FORCE_COLOR yes (no-color.org). */
function wantsColor(stream: NodeJS.WriteStream, { NO_COLOR, FORCE_COLOR, TERM }: NodeJS.ProcessEnv): boolean {
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '') return FORCE_COLOR !== '0';
  return isTerminal(stream) && TERM !== 'dumb';
}

/** `isTTY` is undefined in a pipe, whatever the types say. */
function isTerminal({ isTTY }: { readonly isTTY?: boolean }): boolean {
  return isTTY ?? false;
}
