/** A time between two events, in microseconds. */
export interface Silence {
  readonly from: number;
  readonly to: number;
}

export interface Timeline {
  readonly add: (micros: number) => void;
  readonly span: () => { readonly first: number | undefined; readonly last: number | undefined };
  /** Silences longer than the limit, in the order of time. */
  readonly gaps: () => readonly Silence[];
  /** Width of a cell in microseconds: longer silences are all found, to the microsecond. */
  readonly resolution: () => number;
}

/** At five minutes a cell: more than two years without a silence, in about 15 MB. */
const MOST_CELLS = 2 ** 18;

/**
 * Event times in cells as wide as the limit; each keeps its first and last. Two events of one cell are less than the
 * limit apart, so the silences between cells are all there are, and exact. Too many cells are merged in pairs: then only
 * those silences are found that are longer than a cell.
 */
export function openTimeline(limitMicros: number, mostCells = MOST_CELLS): Timeline {
  let width = limitMicros;
  let slots = new Map<number, number>();
  let firsts: number[] = [];
  let lasts: number[] = [];
  let current = Number.NaN;
  let slot = -1;

  const add = (micros: number): void => {
    const cell = Math.floor(micros / width);
    // Logs are in order, more or less: most events fall into the cell of the one before.
    if (cell !== current) enter(cell, micros);
    if (micros < (firsts[slot] ?? 0)) firsts[slot] = micros;
    else if (micros > (lasts[slot] ?? 0)) lasts[slot] = micros;
  };
  const enter = (cell: number, micros: number): void => {
    let known = slots.get(cell);
    if (known === undefined) {
      known = firsts.length;
      slots.set(cell, known);
      firsts.push(micros);
      lasts.push(micros);
    }
    current = cell;
    slot = known;
    if (firsts.length > mostCells) merge();
  };
  const merge = (): void => {
    const before = { firsts, lasts };
    width *= 2;
    slots = new Map();
    firsts = [];
    lasts = [];
    current = Number.NaN;
    for (const [at, first] of before.firsts.entries()) {
      add(first);
      add(before.lasts[at] ?? first);
    }
  };
  const gaps = (): readonly Silence[] => {
    const cells = firsts.map((first, at) => ({ first, last: lasts[at] ?? first })).sort((a, b) => a.first - b.first);
    return cells.slice(1).flatMap(({ first: to }, at) => {
      const from = cells[at]?.last ?? to;
      return to - from > limitMicros ? [{ from, to }] : [];
    });
  };
  return {
    add,
    span: () => ({ first: least(firsts), last: least(lasts, -1) }),
    gaps,
    resolution: () => width,
  };
}

/** The least of the values, or the greatest with sign -1. Not by spreading: there may be more than a call takes. */
function least(values: readonly number[], sign = 1): number | undefined {
  let found: number | undefined;
  for (const value of values) if (found === undefined || sign * value < sign * found) found = value;
  return found;
}
