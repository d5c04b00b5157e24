import { distance } from 'fastest-levenshtein';

const fold = (word: string): string => word.toLowerCase().replaceAll(/[-_]/g, '');

/** The candidate that `word` is most likely a misspelling of, if there is one. */
export function nearest(
  word: string,
  candidates: readonly string[],
  tolerance = Math.max(2, word.length / 3),
): string | undefined {
  const ranked = candidates.map((candidate) => ({
    candidate,
    distance: distance(fold(word), fold(candidate)),
  }));
  const [best] = ranked.sort((a, b) => a.distance - b.distance);
  return best !== undefined && best.distance <= tolerance ? best.candidate : undefined;
}

/** The end of a message about an unknown word: `; did you mean "status"?`, or nothing. */
export function closest(word: string, candidates: readonly string[]): string {
  const candidate = nearest(word, candidates);
  return candidate === undefined ? '' : `; did you mean "${candidate}"?`;
}
