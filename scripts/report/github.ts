import { differencesOf, type Report } from './report.js';
import { at } from './wording.js';

/** An annotation of the file that a failure is about (docs.github.com, "Workflow commands for GitHub Actions"). */
export function annotation({ error }: Report): string {
  if (error === null) return '';
  const message = error.message
    .replaceAll('%', '%25')
    .replaceAll('\r', '%0D')
    .replaceAll('\n', '%0A');
  const file = error.details.file === undefined ? '' : `file=${error.details.file},`;
  return `::error ${file}title=migrate::${message}\n`;
}

/** The summary of a step, in Markdown, with the differences as a table. */
export function summary(report: Report): string {
  const { command, outcome, exitCode, known, error } = report;
  const { version, applied = [], reverted = [] } = known;
  const cell = (text: string | null) =>
    `\`${(text ?? ' ').replaceAll('|', '\\|').replaceAll(/\s+/g, ' ')}\``;
  const rows = differencesOf(report).map(
    ({ kind, object, expected, found }) =>
      `| ${kind} | ${cell(object)} | ${cell(expected)} | ${cell(found)} |`,
  );
  const names = [
    ...reverted.map(({ name }) => `- reverted ${name}`),
    ...applied.map(({ name }) => `- applied ${name}`),
  ];
  return [
    `### migrate ${command ?? ''}: ${outcome} (exit code ${exitCode})`,
    version === undefined ? '' : `The database is ${at(version)}.`,
    names.join('\n'),
    error === null ? '' : (error.message.split('\n\n')[0] ?? '').replaceAll(/^/gm, '> '),
    rows.length === 0
      ? ''
      : ['| | object | expected | found |', '|---|---|---|---|', ...rows].join('\n'),
    error?.hint ?? '',
  ]
    .filter((paragraph) => paragraph !== '')
    .join('\n\n')
    .concat('\n\n');
}
