/** Counts by word, most frequent first. */
export type Tallied = Readonly<Record<string, number>>;

export interface Tally {
  readonly add: (word: string) => void;
  readonly counts: () => Tallied;
}

export function openTally(): Tally {
  const counts = new Map<string, number>();
  return {
    add: (word) => {
      counts.set(word, (counts.get(word) ?? 0) + 1);
    },
    counts: () => Object.fromEntries([...counts].sort(([, a], [, b]) => b - a)),
  };
}
