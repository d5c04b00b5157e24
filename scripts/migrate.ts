/**
 * `npm run migrate` is a thin script around the runner of node-pg-migrate, "the framework" (see
 * runner/framework.ts). It adds a check: a transaction commits only if the schema is as expected (see
 * runner/transaction.ts).
 */
import { readCommandLine, type CommandLine } from './cli/command-line.ts';
import { runAsProgram, type Call } from './cli/process.ts';
import { check } from './commands/check.ts';
import { create } from './commands/create.ts';
import { plan } from './commands/plan.ts';
import { run } from './commands/run.ts';
import { snapshot } from './commands/snapshot.ts';
import { readConfiguration } from './database/configuration.ts';
import { asFailure, sqlstateOf } from './database/pg-errors.ts';
import { readProject } from './project/project.ts';
import { readSettings } from './project/settings.ts';
import { targetCount } from './project/version.ts';
import { failure, redact } from './report/errors.ts';
import { asJson, type Report, type Result } from './report/report.ts';
import { annotation, asText, failureText } from './report/text.ts';
import { isCompiled } from './report/wording.ts';
import type { Options } from './runner/context.ts';
import { withLockMonitor } from './runner/table-locks.ts';

/** The commands that use a database: all except `create`. */
const commands = { up: run, down: run, redo: run, check, status: check, plan, snapshot };

/** Runs one command, prints its report, and returns the exit code. Never throws, never exits. */
export async function migrate(call: Call): Promise<number> {
  const started = performance.now();
  let commandLine: CommandLine | undefined;
  let result: Result;
  try {
    commandLine = readCommandLine(call.argv, call.env);
    result = await execute(call, commandLine);
  } catch (thrown) {
    const error = asFailure(thrown, call.signal);
    result = { outcome: error.outcome, error };
  }
  const milliseconds = Math.round(performance.now() - started);
  const report = { command: commandLine?.command ?? null, milliseconds, ...result };
  print(call, report, { json: wantsJson(call), ...commandLine?.options });
  return result.error?.exitCode ?? 0;
}

async function execute(call: Call, commandLine: CommandLine): Promise<Result> {
  const { command, argument, options, output } = commandLine;
  if (output !== '') return { outcome: 'nothing-to-do', output }; // Set for `help` and `--version`.
  const writesFiles = command === 'create' || command === 'snapshot';
  if (writesFiles && (isCompiled || options.dryRun)) throw failure('writes-files', [command]);
  const settings = readSettings(call.root, call.env);
  const project = readProject(settings, !writesFiles);
  if (command === 'create') return create(argument, project, settings);
  targetCount(project, 0, 'up', argument); // Only refuses a wrong argument; the count is not used.
  const configuration = readConfiguration(settings.databaseUrlVar, call.env);
  const tell = (text: string) => {
    if (!options.quiet) call.stderr(`${redact(text)}\n`);
  };
  const action = commands[command as keyof typeof commands];
  return await withLockMonitor(
    { ...call, ...commandLine, settings, project, configuration, tell },
    options.dryRun && action === run ? plan : action,
  );
}

function print({ env, stdout, stderr, color }: Call, report: Report, options: Partial<Options>) {
  const { database, error, output = '' } = report;
  const text = options.quiet ? output : asText(report, color);
  if (options.json) stdout(`${asJson(report, sqlstateOf(error?.cause))}\n`);
  // After a failure, only a run or a check has a text to print. Its result then contains the database.
  else if (text !== '' && (!error || database)) stdout(`${text}\n`);
  if (!error) return;
  stderr(`${failureText(error, color)}\n`);
  const origin = error.cause ?? error;
  if (options.verbose && origin instanceof Error) stderr(`${redact(origin.stack ?? '')}\n`);
  if (env['GITHUB_ACTIONS'] === 'true') stderr(annotation(error));
}

/** True if the user asked for JSON. Does not parse the command line: its errors must be JSON, too. */
const wantsJson = ({ argv, env }: Call) =>
  env['npm_config_json'] === 'true' || argv.includes('--json') || argv.includes('--json=true');

runAsProgram(import.meta.url, migrate);
