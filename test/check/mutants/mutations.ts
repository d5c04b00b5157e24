const swaps: readonly (readonly [RegExp, string])[] = [
  [/===/g, '!=='],
  [/!==/g, '==='],
  [/&&/g, '||'],
  [/\|\|(?! ')/g, '&&'],
  [/\?\?/g, '&&'],
  [/\btrue\b/g, 'false'],
  [/\bfalse\b/g, 'true'],
  [/!(?=\w|\()/g, ''],
  [/ \+ 1/g, ''],
  [/ > 0/g, ' >= 0'],
  [/\.has\(/g, '.delete('],
  [/\.filter\(/g, '.map('],
  [/\.some\(/g, '.every('],
  [/: null/g, ': undefined'],
  // SQL
  [/ AND /g, ' OR '],
  [/ OR /g, ' AND '],
  [/ <> /g, ' = '],
  [/(?<![<>!=]) = /g, ' <> '],
  [/ NOT /g, ' '],
  [/ IN /g, ' NOT IN '],
  [/ EXISTS /g, ' NOT EXISTS '],
  [/ ORDER BY [\w.:]+/g, ''],
  [/CASE WHEN /g, 'CASE WHEN NOT '],
  [/WHEN '(\w)'/g, `WHEN '~'`],
  [/(?<=IN \([^)]*)'\w+'/g, `'~'`],
  [/quote_ident\(([\w.]+)\)/g, '$1'],
  [/quote_literal\(([\w.]+)\)/g, '$1'],
  [/', '/g, `''`],
  // A branch of a regular expression or of a `UNION`
  [/(?<=[(|])[a-z ]+\|/g, ''],
  [/\bLEFT JOIN\b/g, 'JOIN'],
];

/** Lines without an effect on what is compared: types, comments, brackets, and settings that only make it quick. */
const inert =
  /^\s*(\/\*\*|\*|\/\/|import\b|export (interface|type)|type\b|readonly\b|[\]}).;,]*$|'(jit|enable_\w+) = off')/;

/** Each way to change a line: what is changed, and the new line. */
export function* mutationsOf(line: string): Generator<readonly [what: string, altered: string]> {
  if (inert.test(line)) return;
  yield ['deleted', ''];
  for (const [pattern, by] of swaps)
    for (const match of line.matchAll(pattern)) {
      const instead = by.replace('$1', match[1] ?? '');
      const rest = line.slice(match.index + match[0].length);
      yield [
        `«${match[0].trim()}» → «${instead.trim()}» at ${match.index}`,
        line.slice(0, match.index) + instead + rest,
      ];
    }
}
