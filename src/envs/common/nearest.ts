/**
 * The candidate that `word` probably means, regardless of case: one that begins with it, or the one with the fewest
 * edits; undefined where all need many.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const most = word.length < 4 ? 1 : Math.max(2, word.length / 3);
  const lower = word.toLowerCase();
  const [best] = candidates
    .map((name) => ({ name, edits: editDistance(lower, name.toLowerCase()) }))
    .filter(({ name, edits }) => edits <= most || begins(name.toLowerCase(), lower))
    .sort((a, b) => a.edits - b.edits);
  return best?.name;
}

function begins(name: string, word: string): boolean {
  return word.length > 2 && name.startsWith(word);
}

/** Levenshtein's distance: insertions, deletions and substitutions of one character. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substituted = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substituted, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}
