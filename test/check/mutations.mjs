/** Each way to alter one line. */
export function* mutationsOf(line) {
  const comment = /^\s*(\/\*\*|\*|\/\/|import\b|export interface|readonly\b|\}|\)|$)/;
  if (comment.test(line)) return;
  yield ['deleted', ''];
  const swaps = [
    [/===/, '!=='],
    [/!==/, '==='],
    [/&&/, '||'],
    [/\|\|(?! ')/, '&&'],
    [/\?\?/, '&&'],
    [/\btrue\b/, 'false'],
    [/\bfalse\b/, 'true'],
    [/!(?=\w|\()/, ''],
    [/ \+ 1/, ''],
    [/ AND /, ' OR '],
    [/ OR /, ' AND '],
    [/ <> /, ' = '],
    [/(?<![<>!=]) = /, ' <> '],
    [/ NOT /, ' '],
    [/ IN /, ' NOT IN '],
    [/ORDER BY [\w.]+/, ''],
    [/WHEN '(\w)'/, `WHEN '~'`],
    [/(?<=IN \([^)]*)'\w+'/, `'~'`],
    [/ > 0/, ' >= 0'],
    [/\.has\(/, '.delete('],
    [/CASE WHEN /, 'CASE WHEN NOT '],
    [/quote_ident\(([\w.]+)\)/, '$1'],
    [/', '/, `''`],
    [/: null/, ': undefined'],
    [/\.filter\(/, '.map('],
  ];
  for (const [pattern, by] of swaps)
    for (const match of line.matchAll(new RegExp(pattern, 'g'))) {
      const instead = by.replace('$1', match[1] ?? '');
      const altered = line.slice(0, match.index) + instead + line.slice(match.index + match[0].length);
      if (altered !== line) yield [`«${match[0].trim()}» → «${instead.trim()}»`, altered];
    }
}
