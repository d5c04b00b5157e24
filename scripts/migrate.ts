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
 * `npm run migrate` is a thin script around the runner of node-pg-migrate (runner/framework.ts). It adds what
 * the runner lacks: before a transaction commits, the schema is compared with what is expected
 * (runner/transaction.ts).
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

/** Runs one command, reports it, and gives the exit code. Never throws, never exits. */
export async function migrate(call: Call): Promise<number> {
  const started = performance.now();
  let invocation: Invocation | undefined;
  const print = (outcome: string, known: Known, error: Failure | null) => {
    const [command, exitCode] = [invocation?.command ?? null, error?.exitCode ?? 0];
    const milliseconds = Math.round(performance.now() - started);
    printReport(call, { command, outcome, exitCode, known, milliseconds, error }, invocation);
    return exitCode;
  };
  try {
    invocation = readCommandLine(call.argv, call.env);
    const result = await withPatience(execute(call, invocation), call.stuck);
    const { outcome, version = null, failing = [], pending = [] } = result;
    const isDrift = outcome === 'differs';
    return print(
      outcome,
      result,
      isDrift ? failure(outcome, 'drift', [version, failing, pending.length > 0]) : null,
    );
  } catch (thrown) {
    const error = asFailure(thrown, call.signal);
    return print(error.outcome, error.known, error);
  }
}

async function execute(call: Call, { command, ...invocation }: Invocation): Promise<Result> {
  const { env, root, signal } = call;
  const manifest = new URL(isCompiled ? '../../package.json' : '../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  if (command === 'help' || command === 'version')
    return { outcome: 'nothing-to-do', output: command === 'help' ? help : version };
  const { options } = invocation;
  const writesFiles = command === 'create' || command === 'snapshot';
  if (writesFiles && options.dryRun)
    throw failure('usage', 'writes-files', [command, 'has no dry run']);
  if (writesFiles && isCompiled)
    throw failure('usage', 'writes-files', [command, 'this program is compiled']);
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
    aSecondAfter(signal),
    ...(call.stuck === undefined ? [] : [call.stuck]),
  ]);
  stuck.catch(() => undefined);
  const isDryRun = options.dryRun && (command === 'up' || command === 'down' || command === 'redo');
  return await commands[isDryRun ? 'plan' : command]({
    ...invocation,
    ...{ command, settings, signal, stuck },
    project: readProject(settings, writesFiles),
    configuration: command === 'create' ? nowhere : readConfiguration(settings.databaseUrlVar, env),
    emit: options.quiet
      ? () => undefined
      : progressReporter(call.stderr, call.terminal, options.verbose),
  });
}

/** Gives the command one second to finish by itself, so that its report can say what was committed. */
async function withPatience(done: Promise<Result>, stuck?: Promise<never>): Promise<Result> {
  const patient = stuck?.catch(async (error: unknown) => {
    await Promise.race([done.catch(() => undefined), sleep(1000)]);
    throw error;
  });
  return await Promise.race([done, ...(patient === undefined ? [] : [patient])]);
}

/** Rejected a second after the signal: the server has cancelled its statement, so the migration itself waits. */
const aSecondAfter = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => setTimeout(reject, 1000, signal.reason), { once: true });
  });

function asFailure(thrown: unknown, signal: AbortSignal): Failure {
  const isKnown = thrown instanceof Failure && (!signal.aborted || thrown.code === 'interrupted');
  if (isKnown) return thrown;
  if (signal.aborted) return interrupted(signal, thrown);
  const reason = thrown instanceof Error ? thrown.message : inspect(thrown);
  return serverFailure(thrown) ?? failure('error', 'internal', [reason], { cause: thrown });
}

function printReport(
  { argv, env, stdout, stderr, color }: Call,
  report: Report,
  invocation: Invocation | undefined,
) {
  const { error, outcome, known } = report;
  // A program that asks for JSON gets it, also where the command line cannot be understood.
  const isAsked = (name: string) =>
    argv.some((word) => word === `--${name}` || word === `--${name}=true`) ||
    env[`npm_config_${name}`] === 'true';
  const asked = { json: isAsked('json'), verbose: isAsked('verbose'), quiet: false };
  const { json, verbose, quiet } = invocation?.options ?? asked;
  const text = quiet ? (known.output ?? '') : asText(report, picocolors.createColors(color.stdout));
  if (json) stdout(`${asJson(report)}\n`);
  else if (text !== '' && (error === null || outcome === 'differs')) stdout(`${text}\n`);
  if (error !== null) stderr(`${failureText(error, picocolors.createColors(color.stderr))}\n`);
  const { cause = error } = error?.details ?? {};
  if (verbose && cause instanceof Error) stderr(`${cause.stack ?? ''}\n`);
  if (env['GITHUB_ACTIONS'] !== 'true') return;
  stderr(annotation(report));
  try {
    if (env['GITHUB_STEP_SUMMARY']) appendFileSync(env['GITHUB_STEP_SUMMARY'], summary(report));
  } catch (error) {
    stderr(`the step summary could not be written: ${(error as Error).message}\n`);
  }
}

runAsProgram(import.meta.url, migrate);
