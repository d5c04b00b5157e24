import type { State } from './model.js';

/** A literal, a quoted name, a word, white space, or any other sign. */
const TOKEN = /'(?:[^']|'')*'|"(?:[^"]|"")*"|[\w$\u0080-\uffff]+|\s+|./gsu;
const isName = (token = ''): boolean => /^(?:"|[a-z_\u0080-\uffff])/.test(token);
const ENDS_FROM = new Set(['WHERE', 'GROUP', 'HAVING', 'WINDOW', 'ORDER', 'LIMIT', 'OFFSET', 'FETCH', 'FOR', ';']);

/**
 * Makes the definition of a view read the same on every PostgreSQL, as 16 and later write it: before, each column of a
 * query on one relation is written with its name before it, since then without (commit 47bb9db75, "Get rid of the NEW and
 * OLD entries"). White space is folded, since only lines differ by it; in literals it stays.
 */
export function normalizeView(state: State): State {
  if (typeof state === 'string' || typeof state['definition'] !== 'string') return state;
  const tokens = (state['definition'].match(TOKEN) ?? []).map((token) => (/^\s/.test(token) ? ' ' : token));
  return { ...state, definition: withoutQualifier(tokens).join('').trim() };
}

/** Leaves out the name of the only relation of a query where it stands before a column, outside of sub-selects. */
function withoutQualifier(tokens: readonly string[]): readonly string[] {
  const outside = outsideSubqueries(tokens);
  const top = (index: number, word: string) => outside[index] === 0 && tokens[index] === word;
  const from = tokens.findIndex((_, index) => top(index, 'FROM'));
  if (from < 0 || tokens.some((_, index) => ['UNION', 'INTERSECT', 'EXCEPT'].some((word) => top(index, word))))
    return tokens;
  const length = tokens.slice(from).findIndex((token, offset) => outside[from + offset] === 0 && ENDS_FROM.has(token));
  const end = length < 0 ? tokens.length : from + length;
  const name = onlyRelation(tokens, outside, from + 1, end);
  if (name === undefined) return tokens;
  const isQualifier = (index: number) =>
    outside[index] !== undefined &&
    (index < from || index >= end) &&
    tokens[index] === name &&
    tokens[index + 1] === '.' &&
    !['.', ':'].includes(tokens[index - 1] ?? '') &&
    isName(tokens[index + 2]) &&
    tokens[index + 3] !== '(';
  return tokens.filter((_, index) => !isQualifier(index) && !isQualifier(index - 1));
}

/** For each token how many parentheses it is in, or `undefined` inside a sub-select. */
function outsideSubqueries(tokens: readonly string[]): (number | undefined)[] {
  const isSubquery: boolean[] = [];
  return tokens.map((token, index) => {
    if (token === ')') isSubquery.pop();
    const depth = isSubquery.includes(true) ? undefined : isSubquery.length;
    if (token === '(') isSubquery.push(/^ ?(?:SELECT|WITH|VALUES)\b/.test(tokens.slice(index + 1, index + 3).join('')));
    return depth;
  });
}

/** What columns of the only relation after FROM are called by; none where there are several. */
function onlyRelation(
  tokens: readonly string[],
  outside: readonly (number | undefined)[],
  start: number,
  end: number,
): string | undefined {
  const item = tokens.slice(start, end);
  const isJoin = /^ ?\((?! ?(?:SELECT|WITH|VALUES)\b)/.test(item.join(''));
  if (isJoin || item.some((token, offset) => token === ',' && outside[start + offset] === 0)) return undefined;
  const sample = item.indexOf('TABLESAMPLE');
  return item
    .slice(0, sample < 0 ? item.length : sample)
    .filter((token, offset) => outside[start + offset] === 0 && isName(token))
    .at(-1);
}
