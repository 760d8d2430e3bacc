/** Which known word somebody may have meant. */

/**
 * The known word that is closest to `word`, or undefined when none is close: capitals, `-` and `_` do not count, and
 * about every third letter may be wrong, missing, too much, or swapped with its neighbour.
 */
export function closest(word: string, known: readonly string[]): string | undefined {
  const wanted = plain(word);
  const allowed = Math.min(3, Math.max(1, Math.floor(wanted.length / 3)));
  const near = known
    .map((candidate) => ({ candidate, steps: distance(wanted, plain(candidate)) }))
    .filter(({ candidate, steps }) => steps <= allowed && steps < plain(candidate).length);
  return near.sort((a, b) => a.steps - b.steps)[0]?.candidate;
}

function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[-_\s]/g, "");
}

/** Edits from one word to the other, a swap of neighbours being one (optimal string alignment). */
function distance(a: string, b: string): number {
  // A name of the longest sensible length: beyond it, nothing is close.
  if (Math.abs(a.length - b.length) > 3) return Number.POSITIVE_INFINITY;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const cost = a[row - 1] === b[column - 1] ? 0 : 1;
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current.push(
        Math.min(
          (last[column] ?? 0) + 1,
          (current[column - 1] ?? 0) + 1,
          (last[column - 1] ?? 0) + cost,
          swapped ? (before[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    [before, last] = [last, current];
  }
  return last[b.length] ?? 0;
}
