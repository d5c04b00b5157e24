import { differencesOf } from './report.js';
import type { Result } from './types.js';
import { at } from './wording.js';

/** An annotation of the file that a failure is about (docs.github.com, "Workflow commands for GitHub Actions"). */
export function annotation({ error }: Result): string {
  if (!error) return '';
  const message = error.message
    .replaceAll('%', '%25')
    .replaceAll('\r', '%0D')
    .replaceAll('\n', '%0A');
  const file = error.details.file === undefined ? '' : `file=${error.details.file},`;
  return `::error ${file}title=migrate::${message}\n`;
}

/** The summary of a step, in Markdown, with the differences as a table. */
export function summary(command: string | null, result: Result): string {
  const { outcome, error, version, applied = [], reverted = [] } = result;
  const cell = (text: string | null) =>
    `\`${(text ?? ' ').replaceAll('|', '\\|').replaceAll(/\s+/g, ' ')}\``;
  const rows = differencesOf(result).map(
    ({ kind, object, expected, found }) =>
      `| ${kind} | ${cell(object)} | ${cell(expected)} | ${cell(found)} |`,
  );
  const lines = [
    `### migrate ${command ?? ''}: ${outcome} (exit code ${error?.exitCode ?? 0})\n`,
    ...(version === undefined ? [] : [`The database is ${at(version)}.\n`]),
    ...reverted.map(({ name }) => `- reverted ${name}`),
    ...applied.map(({ name }) => `- applied ${name}`),
    ...(error ? ['', (error.message.split('\n\n')[0] ?? '').replaceAll(/^/gm, '> ')] : []),
    ...(rows.length === 0
      ? []
      : ['', '| | object | expected | found |', '|---|---|---|---|', ...rows]),
    ...(error ? ['', error.hint] : []),
  ];
  return `${lines.join('\n')}\n\n`;
}
