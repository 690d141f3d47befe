import { padEnd, padStart, safeText, width, wrapIndented } from './safe-text.ts';
import { paint, type RenderOptions, roomOf } from './style.ts';

export type Cells = readonly string[];

/** Blanks between two columns. */
export const GAP = 2;
/** A column that is narrower says nothing. */
export const NARROWEST = 8;

/** A number, with or without a unit, or none. */
const QUANTITY = /^([<>]?[\d,]+(\.\d+)?(%| (µs|ms|s))?|-?)$/;

/** Blanks before what stands below. */
const BELOW = 4;

/** A table of which nothing is cut. Cells are made safe. */
export function renderGrid(headers: Cells, rows: readonly Cells[], options: RenderOptions): string {
  return listLines(headers, rows, options)
    .map((line) => `${line}\n`)
    .join('');
}

/** Lines of a table of which nothing is cut: where it is too wide, the last column stands below the others. */
export function listLines(headers: Cells, rows: readonly Cells[], options: RenderOptions): readonly string[] {
  const whole = { ...options, terminal: false };
  if (gridFits(headers, rows, roomOf(options))) return gridLines(headers, rows, whole);
  const below = (row: Cells): readonly string[] => wrapIndented(safeText(row.at(-1) ?? ''), options.columns, BELOW);
  const [head = '', ...lines] = gridLines(
    headers.slice(0, -1),
    rows.map((row) => row.slice(0, -1)),
    whole,
  );
  const heads = below(headers).map((line) => paint(line, 'strong', options));
  return [head, ...heads, ...lines.flatMap((line, at) => [line, ...below(rows[at] ?? [])])];
}

/** Lines of a table, cut to the width of a terminal; none has blanks at its end. */
export function gridLines(headers: Cells, rows: readonly Cells[], options: RenderOptions): readonly string[] {
  const safe = rows.map((row) => row.map((cell) => safeText(cell)));
  const widths = fitWidths(naturalWidths(headers, safe), roomOf(options));
  const right = headers.map((_, at) => safe.length > 0 && safe.every((row) => QUANTITY.test(row[at] ?? '')));
  const layOut = (row: Cells): string =>
    row
      .map((cell, at) => {
        const text = safeText(cell, widths[at]);
        return right[at] ? padStart(text, widths[at] ?? 0) : padEnd(text, widths[at] ?? 0);
      })
      .join(' '.repeat(GAP))
      .trimEnd();
  return [paint(layOut(headers), 'strong', options), ...safe.map(layOut)];
}

/** Whether nothing of a table has to be cut. */
export function gridFits(headers: Cells, rows: readonly Cells[], columns: number): boolean {
  const natural = naturalWidths(
    headers,
    rows.map((row) => row.map((cell) => safeText(cell))),
  );
  return sum(natural) + GAP * (natural.length - 1) <= columns;
}

function naturalWidths(headers: Cells, rows: readonly Cells[]): readonly number[] {
  return headers.map((header, at) => Math.max(width(header), ...rows.map((row) => width(row[at] ?? ''))));
}

/** Gives way from the last column, which explains, before the first ones, which name. */
function fitWidths(natural: readonly number[], columns: number): readonly number[] {
  const widths = [...natural];
  const last = widths.length - 1;
  const room = columns - GAP * last;
  for (let over = sum(widths) - room; over > 0; over -= 1) {
    const widest = widths.indexOf(Math.max(...widths));
    const narrowed = (widths[last] ?? 0) > NARROWEST * 2 ? last : widest;
    if ((widths[narrowed] ?? 0) <= 1) break;
    widths[narrowed] = (widths[narrowed] ?? 0) - 1;
  }
  return widths;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, value) => total + value, 0);
}
