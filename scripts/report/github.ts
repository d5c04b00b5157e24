import type { Report } from './report.js';

/** An annotation of the file that a failure is about (docs.github.com, "Workflow commands for GitHub Actions"). */
export function annotation({ error }: Report): string {
  if (error === null) return '';
  const escaped = error.message
    .replaceAll('%', '%25')
    .replaceAll('\r', '%0D')
    .replaceAll('\n', '%0A');
  const { file } = error.details;
  return `::error ${file === undefined ? '' : `file=${file},`}title=migrate::${escaped}\n`;
}

/** The summary of a step, in Markdown, with the differences as a table. */
export function summary({ command, outcome, exitCode, known, error }: Report): string {
  const differences = [
    ...(error?.details.differences ?? known.failing ?? []),
    ...(known.warnings ?? []),
  ];
  const cell = (text: string | null): string =>
    text === null ? '' : `\`${text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ')}\``;
  const names = (title: string, done: readonly { readonly name: string }[] = []): string[] =>
    done.length === 0 ? [] : [`${title}: ${done.map(({ name }) => `\`${name}\``).join(', ')}`];
  const rows = differences.map(
    ({ kind, object, expected, found }) =>
      `| ${kind} | ${cell(object)} | ${cell(expected)} | ${cell(found)} |`,
  );
  return [
    `### migrate ${command ?? ''}: ${outcome} (exit code ${exitCode})`,
    '',
    ...(known.version === undefined
      ? []
      : [`Version: ${known.version === null ? 'none' : `\`${known.version}\``}`]),
    ...names('Reverted', known.reverted),
    ...names('Applied', known.applied),
    ...(error === null
      ? []
      : ['', ...(error.message.split('\n\n')[0] ?? '').split('\n').map((line) => `> ${line}`)]),
    ...(rows.length === 0
      ? []
      : ['', '| | object | expected | found |', '|---|---|---|---|', ...rows]),
    ...(error === null ? [] : ['', error.hint]),
    '',
  ].join('\n');
}
