import { appendFileSync } from 'node:fs';
import type { Report } from './json.js';

/**
 * In GitHub Actions: an annotation of the file that a failure is about, and a summary of the step in Markdown
 * (docs.github.com, "Workflow commands for GitHub Actions"). Elsewhere nothing.
 */
export function annotate(report: Report, env: NodeJS.ProcessEnv, write: (text: string) => void): void {
  if (env['GITHUB_ACTIONS'] !== 'true') return;
  if (report.error !== null) write(`${annotation(report.error.message, report.error.details.file)}\n`);
  const { GITHUB_STEP_SUMMARY: file } = env;
  if (file === undefined || file === '') return;
  try {
    appendFileSync(file, summary(report));
  } catch (error) {
    write(`the step summary could not be written: ${(error as Error).message}\n`);
  }
}

function annotation(message: string, file: string | undefined): string {
  const escaped = message.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  return `::error ${file === undefined ? '' : `file=${file},`}title=migrate::${escaped}`;
}

/** The report of a step, in Markdown; differences as a table. */
export function summary({ command, outcome, exitCode, facts, error }: Report): string {
  const differences = [...(error?.details.differences ?? facts.failing), ...facts.warnings];
  const cell = (text: string | null) =>
    text === null ? '' : `\`${text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ')}\``;
  const rows = differences.map(
    ({ kind, object, expected, found }) => `| ${kind} | ${cell(object)} | ${cell(expected)} | ${cell(found)} |`,
  );
  const names = (list: readonly { name: string }[]) => list.map(({ name }) => `\`${name}\``).join(', ');
  return [
    `### migrate ${command ?? ''}: ${outcome} (exit code ${exitCode})`,
    '',
    ...(facts.ledger === undefined ? [] : [`Version: ${facts.version === null ? 'none' : `\`${facts.version}\``}`]),
    ...(facts.reverted.length > 0 ? [`Reverted: ${names(facts.reverted)}`] : []),
    ...(facts.applied.length > 0 ? [`Applied: ${names(facts.applied)}`] : []),
    ...(error === null ? [] : ['', ...(error.message.split('\n\n')[0] ?? '').split('\n').map((line) => `> ${line}`)]),
    ...(rows.length > 0 ? ['', '| | object | expected | found |', '|---|---|---|---|', ...rows] : []),
    ...(error === null ? [] : ['', error.hint]),
    '',
  ].join('\n');
}
