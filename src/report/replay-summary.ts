import type { ReplayedFile } from '../load/index.ts';
import { number, plural } from './format.ts';
import { safeText, wrap, wrapIndented } from './safe-text.ts';
import { paint, type RenderOptions } from './style.ts';

/** What became of quarantined records that were sent again, for a person. */
export function renderReplay(files: readonly ReplayedFile[], options: RenderOptions): string {
  const tried = files.filter(({ open, damaged }) => open > 0 || damaged > 0);
  const lines = tried.length === 0 ? ['Nothing is in quarantine.'] : tried.flatMap((file) => fileLines(file, options));
  return `${lines.join('\n')}\n`;
}

function fileLines(
  { file, closed, remaining, damaged, reasons }: ReplayedFile,
  options: RenderOptions,
): readonly string[] {
  const outcome = `${plural(closed, 'entry', 'entries')} went through, ${number(remaining)} remain`;
  return [
    ...wrap(safeText(file), options.columns, 2),
    paint(`  ${outcome}`, remaining > 0 ? 'warning' : 'good', options),
    ...reasons.flatMap(({ reason, detail, count }) =>
      wrapIndented(`${number(count)} ${reason}: ${safeText(detail)}`, options.columns, 4, 2),
    ),
    ...(damaged > 0
      ? wrapIndented(`${plural(damaged, 'line')} of it cannot be read: look at it, then remove it`, options.columns, 2)
      : []),
  ];
}
