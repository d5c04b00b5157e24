import { appendFileSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { readCommandLine, type Invocation } from './cli/command-line.js';
import { runAsProgram, type Call } from './cli/process.js';
import { check } from './commands/check.js';
import { create } from './commands/create.js';
import { plan } from './commands/plan.js';
import { redo, run } from './commands/run.js';
import { snapshot } from './commands/snapshot.js';
import { NOWHERE, readConfiguration } from './database/configuration.js';
import { readProject } from './project/project.js';
import { isCompiled, readSettings } from './project/settings.js';
import { failure } from './report/errors.js';
import { annotation, summary } from './report/github.js';
import { progressReporter } from './report/progress.js';
import { asJson, type Report } from './report/report.js';
import { asText, failureText } from './report/text.js';
import type { Result } from './report/types.js';
import type { Context } from './runner/context.js';
import { asFailure } from './runner/explain.js';

/**
 * `npm run migrate` is a thin script around the runner of node-pg-migrate (runner/framework.ts). It adds what
 * the runner lacks: before a transaction commits, the schema is compared with what is expected
 * (runner/transaction.ts).
 */
const commands: Readonly<Record<string, (context: Context) => Promise<Result>>> = {
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
  let result: Result;
  try {
    invocation = readCommandLine(call.argv, call.env, programVersion());
    result = await withPatience(execute(call, invocation), call.stuck);
  } catch (thrown) {
    const error = asFailure(thrown, call.signal);
    result = { outcome: error.outcome, error };
  }
  const milliseconds = Math.round(performance.now() - started);
  print(
    call,
    { command: invocation?.command ?? null, milliseconds, ...result },
    invocation?.options,
  );
  return result.error?.exitCode ?? 0;
}

async function execute(
  call: Call,
  { command, output, ...invocation }: Invocation,
): Promise<Result> {
  if (command === 'help' || command === 'version') return { outcome: 'nothing-to-do', output };
  const { options } = invocation;
  const { env, root, signal } = call;
  const writesFiles = command === 'create' || command === 'snapshot';
  if (writesFiles && options.dryRun)
    throw failure('usage', 'writes-files', [command, 'has no dry run']);
  if (writesFiles && isCompiled)
    throw failure('usage', 'writes-files', [command, 'this program is compiled']);
  const settings = readSettings(root, env);
  const stuck = Promise.race([
    aSecondAfter(signal),
    ...(call.stuck === undefined ? [] : [call.stuck]),
  ]);
  stuck.catch(() => undefined);
  const isDryRun = options.dryRun && ['up', 'down', 'redo'].includes(command);
  const act = commands[isDryRun ? 'plan' : command] ?? plan;
  return await act({
    ...{ ...invocation, command, settings, signal, stuck },
    project: readProject(settings, writesFiles),
    configuration: command === 'create' ? NOWHERE : readConfiguration(settings.databaseUrlVar, env),
    emit: options.quiet
      ? () => undefined
      : progressReporter(call.stderr, call.terminal, options.verbose),
  });
}

/** Gives the command one second to finish by itself, so that its report can say what was committed. */
async function withPatience(
  done: Promise<Result>,
  stuck: Promise<never> = new Promise(() => undefined),
) {
  const patient = stuck.catch(async (error: unknown) => {
    await Promise.race([done.catch(() => undefined), sleep(1000)]);
    throw error;
  });
  return await Promise.race([done, patient]);
}

/** Rejected a second after the signal: the server has cancelled its statement, so the migration itself waits. */
const aSecondAfter = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => setTimeout(reject, 1000, signal.reason), { once: true });
  });

function print(
  { argv, env, stdout, stderr, color }: Call,
  report: Report,
  options?: Invocation['options'],
) {
  const { error, output = '', outcome } = report;
  // A program that asks for JSON gets it, also where the command line cannot be understood.
  const isAsked = (name: string) =>
    argv.some((word) => word.replace('=true', '') === `--${name}`) ||
    env[`npm_config_${name}`] === 'true';
  const { json = isAsked('json'), verbose = isAsked('verbose'), quiet } = options ?? {};
  const text = quiet ? output : asText(report, color);
  if (json) stdout(`${asJson(report)}\n`);
  else if (text !== '' && (!error || outcome === 'differs')) stdout(`${text}\n`);
  if (error) stderr(`${failureText(error, color)}\n`);
  const { cause = error } = error?.details ?? {};
  if (verbose && cause instanceof Error) stderr(`${cause.stack ?? ''}\n`);
  if (env['GITHUB_ACTIONS'] !== 'true') return;
  stderr(annotation(report));
  try {
    if (env['GITHUB_STEP_SUMMARY'])
      appendFileSync(env['GITHUB_STEP_SUMMARY'], summary(report.command, report));
  } catch (cause) {
    stderr(`the step summary could not be written: ${(cause as Error).message}\n`);
  }
}

function programVersion(): string {
  const file = new URL(isCompiled ? '../../package.json' : '../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version?: string }).version ?? '';
}

runAsProgram(import.meta.url, migrate);
