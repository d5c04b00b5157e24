import { distance } from 'fastest-levenshtein';

const fold = (word: string) => word.toLowerCase().replaceAll(/[-_]/g, '');

/** The candidate that `word` is most likely a misspelling of, if there is one. */
export function nearest(
  word: string,
  candidates: readonly string[],
  tolerance: number,
): string | undefined {
  const rank = (candidate: string) => distance(fold(word), fold(candidate));
  const [best] = candidates.toSorted((a, b) => rank(a) - rank(b));
  return best !== undefined && rank(best) <= tolerance ? best : undefined;
}

/** The end of a message about an unknown word: `; did you mean "status"?`, or nothing. */
export function closest(word: string, candidates: readonly string[]): string {
  const candidate = nearest(word, candidates, Math.max(2, word.length / 3));
  return candidate === undefined ? '' : `; did you mean "${candidate}"?`;
}
