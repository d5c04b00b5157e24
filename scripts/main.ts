import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import picocolors from 'picocolors';
import { readArguments, type Command, type Invocation } from './cli/arguments.js';
import { help } from './cli/help.js';
import { npmConfig } from './cli/npm-config.js';
import { check } from './commands/check.js';
import { noFacts, type Context, type Success } from './context.js';
import { readAddress } from './database/address.js';
import { troubleFailure } from './database/trouble.js';
import { Failure, failure } from './errors.js';
import { readProject } from './project.js';
import { asJson, type Report } from './report/json.js';
import { narrator } from './report/narrator.js';
import { annotate } from './report/github.js';
import { asText, failureText } from './report/text.js';
import { isCompiled, readSettings } from './settings.js';

/** What the program is called with, and where its output goes. */
export interface Call {
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly root: string;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly color: { readonly stdout: boolean; readonly stderr: boolean };
  /** Whether a person watches stderr: long steps then have a bar, and a line now and then otherwise. */
  readonly terminal: boolean;
  readonly signal: AbortSignal;
  /** Rejected where nothing is left to wait for and the command is not over, or something failed that nobody waits for. */
  readonly stuck?: Promise<never>;
}

/** Modules that only some commands need are loaded by those. */
const engine: Readonly<Record<Command, (context: Context) => Promise<Success>>> = {
  up: async (context) => (await import('./commands/run.js')).up(context),
  down: async (context) => (await import('./commands/run.js')).down(context),
  redo: async (context) => (await import('./commands/run.js')).redo(context),
  plan: async (context) => (await import('./commands/plan.js')).plan(context),
  create: async (context) => (await import('./commands/create.js')).create(context),
  snapshot: async (context) => (await import('./commands/snapshot.js')).snapshot(context),
  check,
  status: check, // The report makes a table of what a check has seen.
};

/** Does what the command line asks for, says how it went, and gives the exit code. Never throws, never exits. */
export async function main(call: Call): Promise<number> {
  const started = performance.now();
  const facts = noFacts();
  let invocation: Invocation | undefined;
  let report: Report;
  const finish = (outcome: string, exitCode: number, error: Failure | null): Report => ({
    command: invocation?.command ?? null,
    outcome,
    exitCode,
    facts,
    milliseconds: Math.round(performance.now() - started),
    error,
  });
  try {
    invocation = readArguments(call.argv, call.env);
    const { command } = invocation;
    if (command === 'help' || command === 'version') {
      facts.output = command === 'help' ? help : programVersion();
      print(call, finish('nothing-to-do', 0, null), invocation);
      return 0;
    }
    const done = dispatch(call, { ...invocation, command }, facts);
    const outcome = await Promise.race([done, call.stuck === undefined ? done : outlasting(done, call.stuck)]);
    const drift =
      outcome === 'differs'
        ? failure('differs', 'drift', [facts.version, facts.failing, facts.pending.length > 0])
        : null;
    report = finish(outcome, drift?.exitCode ?? 0, drift);
  } catch (thrown) {
    const error = asFailure(thrown, call, facts);
    report = finish(error.outcome, error.exitCode, error);
  }
  print(call, report, invocation);
  annotate(report, call.env, call.stderr);
  return report.exitCode;
}

/** A rejection that what is being done may answer first: a run then says what of it is committed. */
const outlasting = (done: Promise<unknown>, stuck: Promise<never>): Promise<never> =>
  stuck.catch(async (error: unknown) => {
    await Promise.race([done.catch(() => undefined), sleep(1000)]);
    throw error;
  });

/** Rejects a second after the signal. What the server was at has ended by then: a migration waits for something of its own. */
const stopped = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => setTimeout(reject, 1000, signal.reason), { once: true });
  });

async function dispatch(
  call: Call,
  invocation: Invocation & { command: Command },
  facts: Context['facts'],
): Promise<Success> {
  const { command, options } = invocation;
  const settings = readSettings(call.root, call.env);
  const writesSources = command === 'create' || command === 'snapshot';
  if (writesSources && invocation.options.dryRun) throw failure('usage', 'no-dry-run', [command]);
  if (writesSources && isCompiled) throw failure('usage', 'needs-sources', [command]);
  const needsDatabase = command !== 'create';
  const stuck = Promise.race([stopped(call.signal), ...(call.stuck === undefined ? [] : [call.stuck])]);
  stuck.catch(() => undefined); // What is not waiting for a migration is told of it elsewhere.
  const context: Context = {
    ...invocation,
    project: readProject(settings, writesSources),
    address: needsDatabase ? readAddress(settings.databaseUrlVar, call.env) : NOWHERE,
    signal: call.signal,
    stuck,
    facts,
    emit: options.quiet ? () => undefined : narrator(call.stderr, call.terminal),
  };
  const isDryRun = options.dryRun && (command === 'up' || command === 'down' || command === 'redo');
  return await engine[isDryRun ? 'plan' : command](context);
}

const NOWHERE = { config: {}, host: '', port: 0, database: '', user: '', plainWillDo: false };

/** What is thrown when it is not a failure yet: a signal, or a defect. */
function asFailure(thrown: unknown, { signal }: Call, facts: Context['facts']): Failure {
  if (signal.aborted) {
    const name = String(signal.reason);
    const version = facts.ledger === undefined ? undefined : facts.version;
    return failure('failed', 'interrupted', [name, version], {
      exitCode: name === 'SIGINT' ? 130 : 143,
      cause: thrown,
    });
  }
  if (thrown instanceof Failure) return thrown;
  const reason = thrown instanceof Error ? thrown.message : inspect(thrown);
  return troubleFailure(thrown) ?? failure('error', 'internal', [reason], { cause: thrown });
}

function print({ argv, env, stdout, stderr, color }: Call, report: Report, invocation: Invocation | undefined): void {
  const { error } = report;
  // Words that cannot be understood are no reason to answer a program in prose.
  const isAsked = (option: string) =>
    argv.some((word) => word === `--${option}` || word === `--${option}=true`) || npmConfig(env).get(option) === 'true';
  const json = invocation?.options.json ?? isAsked('json');
  const quiet = invocation?.options.quiet ?? false;
  if (json) stdout(`${asJson(report)}\n`);
  else if (error === null || report.outcome === 'differs') {
    const text = quiet ? (report.facts.output ?? '') : asText(report, picocolors.createColors(color.stdout));
    if (text !== '') stdout(`${text}\n`);
  }
  if (error === null) return;
  stderr(`${failureText(error, picocolors.createColors(color.stderr))}\n`);
  if (invocation?.options.verbose ?? isAsked('verbose')) {
    const { cause } = error.details;
    stderr(`${cause instanceof Error ? (cause.stack ?? '') : (error.stack ?? '')}\n`);
  }
}

function programVersion(): string {
  const file = new URL(isCompiled ? '../../package.json' : '../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
