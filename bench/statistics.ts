export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** `12.3 (11.9-13.0)`: the median, and the whole range. */
export function spread(values: readonly number[], digits = 0): string {
  const known = values.filter(Number.isFinite);
  if (known.length === 0) return '-';
  const text = (value: number): string => value.toFixed(digits);
  const centre = text(median(known));
  return known.length === 1 ? centre : `${centre} (${text(Math.min(...known))}-${text(Math.max(...known))})`;
}

/** `14.7k (12.4-15.3)` */
export function rates(values: readonly number[]): string {
  const thousands = spread(
    values.map((value) => value / 1000),
    1,
  );
  return thousands.replace(/^[\d.]+/, '$&k');
}

/** Rounds in turn, each in the opposite order of the one before, so that what changes with time favours nobody. */
export async function interleave<T>(
  items: readonly T[],
  rounds: number,
  measure: (item: T, round: number) => Promise<void>,
): Promise<void> {
  for (let round = 1; round <= rounds; round += 1) {
    for (const item of round % 2 === 1 ? items : [...items].reverse()) await measure(item, round);
  }
}
