const MOST_NEAR = 3;
/** More slips make another word. */
const MOST_SLIPS = 2;

/** `Did you mean a or b?` of those that are nearest to what was typed; undefined where none is near. */
export function didYouMean(typed: string, known: Iterable<string>): string | undefined {
  const words = stemsOf(typed);
  const near = [...new Set(known)]
    .map((one) => ({
      one,
      shared: stemsOf(one).filter((word) => words.includes(word)).length,
      slips: slips(typed, one),
    }))
    .filter(({ shared, slips: made }) => shared > 0 || made <= MOST_SLIPS)
    .sort(
      (a, b) =>
        Number(b.slips <= MOST_SLIPS) - Number(a.slips <= MOST_SLIPS) || b.shared - a.shared || a.slips - b.slips,
    )
    .slice(0, MOST_NEAR)
    .map(({ one }) => one);
  return near.length === 0 ? undefined : `Did you mean ${near.join(' or ')}?`;
}

/** However inflected: `secret-read` shares a word with `secrets-deleted`. */
function stemsOf(text: string): readonly string[] {
  return text
    .split('-')
    .filter((word) => word.length > 3)
    .map((word) => word.slice(0, 5));
}

/** Characters to put in, take out or replace (Levenshtein's distance). */
function slips(a: string, b: string): number {
  let row = [...Array(b.length + 1).keys()];
  for (const [at, letter] of [...a].entries()) {
    const next = [at + 1];
    for (const [to, other] of [...b].entries()) {
      const replaced = (row[to] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[to + 1] ?? 0) + 1, (next[to] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
