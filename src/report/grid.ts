import { padEnd, padStart, safeText, width } from './safe-text.ts';
import { paint, type RenderOptions } from './style.ts';

export type Cells = readonly string[];

/** Blanks between two columns. */
export const GAP = 2;
/** A column that is narrower says nothing. */
export const NARROWEST = 8;

/** A number, with or without a unit, or none. */
const QUANTITY = /^([<>]?[\d,]+(\.\d+)?(%| (µs|ms|s))?|-?)$/;

/** A table within the width: what does not fit is cut. Cells are made safe. */
export function renderGrid(headers: Cells, rows: readonly Cells[], options: RenderOptions): string {
  return gridLines(headers, rows, options)
    .map((line) => `${line}\n`)
    .join('');
}

/** Lines of the table; none has blanks at its end. */
export function gridLines(headers: Cells, rows: readonly Cells[], options: RenderOptions): readonly string[] {
  const safe = rows.map((row) => row.map((cell) => safeText(cell)));
  const widths = fitWidths(naturalWidths(headers, safe), options.columns);
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

/** Whether a table shows every column in a width that still says something. */
export function gridFits(headers: Cells, rows: readonly Cells[], columns: number): boolean {
  const natural = naturalWidths(
    headers,
    rows.map((row) => row.map((cell) => safeText(cell))),
  );
  return fitWidths(natural, columns).every((given, at) => given >= Math.min(natural[at] ?? 0, NARROWEST * 2));
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
