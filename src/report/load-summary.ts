import type { FileReport, LoadReport } from '../load/index.ts';
import { number, plural, span } from './format.ts';
import { gridLines } from './grid.ts';
import { safeText, wrap } from './safe-text.ts';
import { paint, type RenderOptions } from './style.ts';

const MEANINGS = [
  ['created', 'stored now'],
  ['degraded', 'of the created: facts and safe fields, the event itself as one string'],
  ['duplicate', 'stored before'],
  ['variant', 'same identity as another event, other content: kept beside it'],
  ['quarantined', 'no audit event, or refused by the server'],
  ['skipped', 'left out, see the reason'],
] as const;

const MOST_FILES = 20;

/** The ledger of a load, for a person. */
export function renderLoad(report: LoadReport, options: RenderOptions): string {
  const lines = [
    ...wrap(headline(report), options.columns),
    ...MEANINGS.filter(([fate]) => report[fate] > 0).flatMap(([fate, meaning]) =>
      fateLines(report[fate], fate, meaning, options),
    ),
    balance(report, options),
    ...fileLines(report.files, options),
    ...(report.quarantineFile === undefined
      ? []
      : wrap(`quarantine: ${safeText(report.quarantineFile)}`, options.columns, 2)),
  ];
  return `${lines.join('\n')}\n`;
}

function fateLines(count: number, fate: string, meaning: string, { columns }: RenderOptions): readonly string[] {
  const margin = 25;
  const [first = '', ...rest] = wrap(meaning, columns - margin);
  const label = `${number(count).padStart(11)} ${fate}`.padEnd(margin);
  return [label + first, ...rest.map((line) => ' '.repeat(margin) + line)];
}

function headline({ read, firstEvent, lastEvent, seconds, bytes, files }: LoadReport): string {
  const times = firstEvent === undefined || lastEvent === undefined ? '' : `, ${span(firstEvent, lastEvent)} UTC`;
  const rate = seconds > 0 ? ` (${number(Math.round(read / seconds))}/s)` : '';
  return `${plural(read, 'record')} of ${plural(files.length, 'file')} (${(bytes / 1e6).toFixed(1)} MB)${times}, in ${seconds.toFixed(1)} s${rate}`;
}

function balance(report: LoadReport, options: RenderOptions): string {
  if (report.balanced) return paint('  The ledger balances: every record has one fate.', 'good', options);
  const settled = report.created + report.duplicate + report.variant + report.quarantined + report.skipped;
  return paint(
    `  THE LEDGER DOES NOT BALANCE: ${number(report.read)} read, ${number(settled)} settled.`,
    'bad',
    options,
  );
}

/** One row for each file where there are several, those with problems first. */
function fileLines(files: readonly FileReport[], options: RenderOptions): readonly string[] {
  const troubled = files.filter(
    (file) => file.quarantined > 0 || file.skipped > 0 || file.reason !== undefined || !file.balanced,
  );
  const shown = files.length === 1 ? troubled : [...troubled, ...files.filter((file) => !troubled.includes(file))];
  if (shown.length === 0) return [];
  const rows = shown
    .slice(0, MOST_FILES)
    .map((file) => [
      file.file,
      number(file.read),
      number(file.created),
      number(file.duplicate),
      number(file.quarantined),
      file.reason ?? '',
    ]);
  const more = shown.length - rows.length;
  return [
    '',
    ...gridLines(['file', 'read', 'created', 'duplicate', 'quarantined', 'reason'], rows, options),
    ...(more > 0 ? [`… and ${plural(more, 'more file')} (--json lists all)`] : []),
  ];
}
