/** Patterns and their replacements, first for TypeScript, then for SQL. A mutation replaces one match. */
const swaps: readonly (readonly [RegExp, string])[] = [
  [/===/g, '!=='],
  [/!==/g, '==='],
  [/&&/g, '||'],
  [/\|\|(?! ')/g, '&&'],
  [/\?\?/g, '&&'],
  [/!(?=\w|\()/g, ''],
  [/\.filter\(/g, '.map('],
  [/\.some\(/g, '.every('],
  [/(?<=[(|])[a-z ]+\|/g, ''],
  [/ AND /g, ' OR '],
  [/ OR /g, ' AND '],
  [/ <> /g, ' = '],
  [/(?<![<>!=]) = /g, ' <> '],
  [/ NOT /g, ' '],
  [/ (IN|EXISTS) /g, ' NOT $1 '],
  [/ ORDER BY [\w.:]+/g, ''],
  [/CASE WHEN /g, 'CASE WHEN NOT '],
  [/WHEN '\w'/g, `WHEN '~'`],
  [/(?<=IN \([^)]*)'\w+'/g, `'~'`],
  [/quote_\w+\(([\w.]+)\)/g, '$1'],
  [/', '/g, `''`],
  [/LEFT JOIN/g, 'JOIN'],
];

/** Lines without mutations: types, comments, brackets, and settings that cannot change a definition. */
const inert = [
  /^\s*(\/\*\*|\*|\/\/|--|import\b|export (interface|type)|type\b|readonly\b)/,
  /^\s*([\]}).;,]*$|SET LOCAL (jit|enable_\w+|row_security) = off)/,
];

/** Each way to change a line: the text that is changed, and the new line. */
export function* mutationsOf(line: string): Generator<readonly [what: string, altered: string]> {
  if (inert.some((pattern) => pattern.test(line))) return;
  yield ['deleted', ''];
  for (const [pattern, by] of swaps)
    for (const { 0: text, 1: name = '', index } of line.matchAll(pattern)) {
      const instead = by.replace('$1', name);
      const what = `«${text.trim()}» → «${instead.trim()}» at ${index}`;
      yield [what, line.slice(0, index) + instead + line.slice(index + text.length)];
    }
}
