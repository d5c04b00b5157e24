import { appendFileSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import picocolors from 'picocolors';
import { help, readCommandLine, type Command, type Invocation } from './cli/command-line.js';
import { runAsProgram, type Call } from './cli/process.js';
import { check } from './commands/check.js';
import { create } from './commands/create.js';
import { plan } from './commands/plan.js';
import { interrupted } from './commands/result.js';
import { redo, run } from './commands/run.js';
import { snapshot } from './commands/snapshot.js';
import { readConfiguration } from './database/configuration.js';
import { serverFailure } from './database/pg-errors.js';
import { readProject } from './project/project.js';
import { isCompiled, readSettings } from './project/settings.js';
import { Failure, failure } from './report/errors.js';
import { annotation, summary } from './report/github.js';
import { progressReporter } from './report/progress.js';
import { asJson, type Report } from './report/report.js';
import { asText, failureText } from './report/text.js';
import type { Known, Result } from './report/types.js';
import type { Context } from './runner/context.js';

/**
 * `npm run migrate`: a thin script around the runner of node-pg-migrate (runner/framework.ts). It adds what the runner
 * lacks: before any transaction commits, the schema is compared with the expected one (runner/transaction.ts).
 */
const commands: Readonly<Record<Command, (context: Context) => Promise<Result>>> = {
  up: (context) => run(context, 'up'),
  down: (context) => run(context, 'down'),
  redo,
  check,
  status: check,
  plan,
  create,
  snapshot,
};

/** Runs one command, reports it, and returns the exit code. Never throws, never exits. */
export async function migrate(call: Call): Promise<number> {
  const started = performance.now();
  let invocation: Invocation | undefined;
  const reportOf = (outcome: string, known: Known, error: Failure | null): Report => {
    const milliseconds = Math.round(performance.now() - started);
    return {
      command: invocation?.command ?? null,
      outcome,
      exitCode: error?.exitCode ?? 0,
      known,
      milliseconds,
      error,
    };
  };
  let report: Report;
  try {
    invocation = readCommandLine(call.argv, call.env);
    const result = await withPatience(execute(call, invocation), call.stuck);
    const { outcome, version = null, failing = [], pending = [] } = result;
    const drift =
      outcome === 'differs'
        ? failure('differs', 'drift', [version, failing, pending.length > 0])
        : null;
    report = reportOf(outcome, result, drift);
  } catch (thrown) {
    const error = asFailure(thrown, call.signal);
    report = reportOf(error.outcome, error.known, error);
  }
  print(call, report, invocation);
  return report.exitCode;
}

async function execute(call: Call, { command, ...invocation }: Invocation): Promise<Result> {
  const { env, root, signal } = call;
  if (command === 'help') return { outcome: 'nothing-to-do', output: help };
  if (command === 'version') return { outcome: 'nothing-to-do', output: programVersion() };
  const { options } = invocation;
  const writesSources = command === 'create' || command === 'snapshot';
  if (writesSources && options.dryRun) throw failure('usage', 'no-dry-run', [command]);
  if (writesSources && isCompiled) throw failure('usage', 'needs-sources', [command]);
  const settings = readSettings(root, env);
  const nowhere = {
    clientConfig: {},
    host: '',
    port: 0,
    database: '',
    user: '',
    allowsPlain: false,
  };
  const stuck = Promise.race([
    secondsAfter(signal),
    ...(call.stuck === undefined ? [] : [call.stuck]),
  ]);
  stuck.catch(() => undefined);
  const context: Context = {
    ...invocation,
    command,
    settings,
    project: readProject(settings, writesSources),
    configuration: command === 'create' ? nowhere : readConfiguration(settings.databaseUrlVar, env),
    signal,
    stuck,
    emit: options.quiet
      ? () => undefined
      : progressReporter(call.stderr, call.terminal, options.verbose),
  };
  const isDryRun = options.dryRun && (command === 'up' || command === 'down' || command === 'redo');
  return await commands[isDryRun ? 'plan' : command](context);
}

/** Gives the command one second to finish by itself, so that its report can say what was committed. */
async function withPatience(
  done: Promise<Result>,
  stuck: Promise<never> = new Promise(() => undefined),
): Promise<Result> {
  const patient = stuck.catch(async (error: unknown) => {
    await Promise.race([done.catch(() => undefined), sleep(1000)]);
    throw error;
  });
  return await Promise.race([done, patient]);
}

/** Rejected a second after the signal: the server has cancelled its statement by then, so the migration itself waits. */
const secondsAfter = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => setTimeout(reject, 1000, signal.reason), { once: true });
  });

function asFailure(thrown: unknown, signal: AbortSignal): Failure {
  if (signal.aborted)
    return thrown instanceof Failure && thrown.code === 'interrupted'
      ? thrown
      : interrupted(signal, undefined, thrown);
  if (thrown instanceof Failure) return thrown;
  const reason = thrown instanceof Error ? thrown.message : inspect(thrown);
  return serverFailure(thrown) ?? failure('error', 'internal', [reason], { cause: thrown });
}

function print(
  { argv, env, stdout, stderr, color }: Call,
  report: Report,
  invocation: Invocation | undefined,
): void {
  const { error, outcome, known } = report;
  // A program that asked for JSON gets it, also where the command line cannot be understood.
  const isAsked = (option: string): boolean =>
    argv.includes(`--${option}`) ||
    argv.includes(`--${option}=true`) ||
    env[`npm_config_${option}`] === 'true';
  const { json, verbose, quiet } = invocation?.options ?? {
    json: isAsked('json'),
    verbose: isAsked('verbose'),
    quiet: false,
  };
  if (json) stdout(`${asJson(report)}\n`);
  else if (error === null || outcome === 'differs') {
    const text = quiet
      ? (known.output ?? '')
      : asText(report, picocolors.createColors(color.stdout));
    if (text !== '') stdout(`${text}\n`);
  }
  if (error !== null) stderr(`${failureText(error, picocolors.createColors(color.stderr))}\n`);
  const stack = error?.details.cause instanceof Error ? error.details.cause.stack : error?.stack;
  if (verbose && stack !== undefined) stderr(`${stack}\n`);
  if (env['GITHUB_ACTIONS'] !== 'true') return;
  stderr(annotation(report));
  const file = env['GITHUB_STEP_SUMMARY'] ?? '';
  try {
    if (file !== '') appendFileSync(file, summary(report));
  } catch (cause) {
    stderr(`the step summary could not be written: ${(cause as Error).message}\n`);
  }
}

function programVersion(): string {
  const file = new URL(isCompiled ? '../../package.json' : '../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

runAsProgram(import.meta.url, migrate);
