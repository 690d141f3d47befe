import type { QuarantinedFile, ReplayedFile } from '../load/index.ts';
import { number, plural } from './format.ts';
import { safeText, wrapIndented } from './safe-text.ts';
import { paint, type RenderOptions } from './style.ts';

/** What became of quarantined records that were sent again, for a person. */
export function renderReplay(files: readonly ReplayedFile[], options: RenderOptions): string {
  return render(files, (file) => fileLines(file, options));
}

/** What is in quarantine, for a person. */
export function renderQuarantine(files: readonly QuarantinedFile[], options: RenderOptions): string {
  return render(files, (file) => openLines(file, options));
}

function render<F extends QuarantinedFile | ReplayedFile>(
  files: readonly F[],
  linesOf: (file: F) => readonly string[],
): string {
  const held = files.filter(({ open, damaged }) => open > 0 || damaged > 0);
  const lines = held.length === 0 ? ['Nothing is in quarantine.'] : held.flatMap(linesOf);
  return `${lines.join('\n')}\n`;
}

const MOST_COUNTS = 20;

function openLines({ file, open, damaged, counts }: QuarantinedFile, options: RenderOptions): readonly string[] {
  const more = counts.length - MOST_COUNTS;
  return [
    safeText(file),
    `  ${plural(open, 'entry', 'entries')}`,
    ...counts
      .slice(0, MOST_COUNTS)
      .flatMap(({ source, reason, detail, count, offset }) =>
        wrapIndented(
          `${number(count)} ${reason}: ${safeText(detail)}; ${safeText(source)} from byte ${number(offset)}`,
          options.columns,
          4,
          2,
        ),
      ),
    ...(more > 0 ? [`    … and ${number(more)} more (--json lists all)`] : []),
    ...damagedLines(damaged, options),
  ];
}

function fileLines(
  { file, closed, remaining, damaged, reasons }: ReplayedFile,
  options: RenderOptions,
): readonly string[] {
  const outcome = `${plural(closed, 'entry', 'entries')} went through, ${number(remaining)} remain`;
  return [
    safeText(file),
    paint(`  ${outcome}`, remaining > 0 ? 'warning' : 'good', options),
    ...reasons.flatMap(({ reason, detail, count }) =>
      wrapIndented(`${number(count)} ${reason}: ${safeText(detail)}`, options.columns, 4, 2),
    ),
    ...damagedLines(damaged, options),
  ];
}

function damagedLines(damaged: number, { columns }: RenderOptions): readonly string[] {
  if (damaged === 0) return [];
  return wrapIndented(`${plural(damaged, 'line')} of it cannot be read: look at it, then remove it`, columns, 2);
}
