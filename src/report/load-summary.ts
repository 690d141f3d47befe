import type { Coverage, FileReport, LoadReport, MissingRotation, ReasonCount, Tallied } from '../load/index.ts';
import { duration, moments, number, plural, span } from './format.ts';
import { GAP, gridLines, NARROWEST } from './grid.ts';
import { isTroubled } from './load-report.ts';
import { safeEnd, safeText, wrap, wrapIndented } from './safe-text.ts';
import { paint, type RenderOptions, roomOf } from './style.ts';

const MEANINGS = [
  ['created', 'stored by this load'],
  ['degraded', 'of the created: facts and safe fields, the event itself as one string'],
  ['duplicate', 'stored before'],
  ['variant', 'same identity as another event, other content: kept beside it'],
  ['quarantined', 'no audit event, or refused by the server'],
  ['skipped', 'left out, see the reason'],
] as const;

const FATE_COLUMNS = ['read', 'created', 'duplicate', 'variant', 'quarantined', 'skipped'] as const;
const MOST_FILES = 20;
const MOST_REASONS = 10;
const MOST_GAPS = 3;

/** The ledger of a load, for a person. */
export function renderLoad(report: LoadReport, options: RenderOptions): string {
  const lines = [
    ...wrapUnits(headline(report), options.columns),
    ...MEANINGS.filter(([fate]) => report[fate] > 0).flatMap(([fate, meaning]) =>
      fateLines(report[fate], fate, meaning, options),
    ),
    balance(report, options),
    ...coverageLines(report.coverage, options),
    ...sentAgainLines(report.retries ?? {}, options),
    ...reasonLines(report.reasons, options),
    ...gapLines(report.coverage, options),
    ...missingLines(report.coverage.missingRotations, options),
    ...fileLines(report.files, options),
    ...quarantineLines(report),
  ];
  return `${lines.join('\n')}\n`;
}

/** A path is not cut, however long: it is there to be used. */
function quarantineLines(report: LoadReport): readonly string[] {
  const { quarantineFile, earlierQuarantineFiles = [] } = report;
  const files = [...earlierQuarantineFiles, ...(quarantineFile === undefined ? [] : [quarantineFile])];
  if (files.length === 0) return [];
  return [
    'quarantine (kaudit replay sends it again, with --list shows it):',
    ...files.map((file) => `  ${safeText(file)}`),
  ];
}

function fateLines(count: number, fate: string, meaning: string, { columns }: RenderOptions): readonly string[] {
  const margin = 25;
  const [first = '', ...rest] = wrap(meaning, columns - margin);
  const label = `${number(count).padStart(11)} ${fate}`.padEnd(margin);
  return [label + first, ...rest.map((line) => ' '.repeat(margin) + line)];
}

function headline({ read, readBefore = 0, coverage, seconds, bytes, files }: LoadReport): string {
  const { first, last } = coverage;
  const times = first === undefined || last === undefined ? '' : `, ${span(first, last)} UTC`;
  const now = read - readBefore;
  const rate = seconds > 0 ? ` (${number(Math.round(now / seconds))}/s)` : '';
  const before = readBefore === 0 ? '' : `: resumed after ${number(readBefore)}, then ${number(now)}`;
  const size = unbroken(`(${(bytes / 1e6).toFixed(1)} MB)`);
  const time = unbroken(`${seconds.toFixed(1)} s`);
  return `${plural(read, 'record')} of ${plural(files.length, 'file')}${before} ${size}${times}, in ${time}${rate}`;
}

const NO_BREAK = '\u00a0';

/** A number with its unit, which `wrapUnits` does not part. */
function unbroken(text: string): string {
  return text.replaceAll(' ', NO_BREAK);
}

function wrapUnits(text: string, columns: number, indent = 0): readonly string[] {
  return wrap(text, columns, indent).map((line) => line.replaceAll(NO_BREAK, ' '));
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

/** Levels, stages and clusters of what was read: what they leave out was not logged, or not loaded. */
function coverageLines({ levels, stages, clusters, undated }: Coverage, { columns }: RenderOptions): readonly string[] {
  const named = Object.entries(clusters).map(
    ([name, count]) => [name === '' ? 'no cluster named' : name, count] as const,
  );
  const parts = [Object.entries(levels), Object.entries(stages), named]
    .map(countsInWords)
    .filter((part) => part !== '');
  const timeless = `${plural(undated, 'event')} without a time to believe: no --from or --to finds what has none`;
  return [
    ...(parts.length === 0 ? [] : wrapIndented(parts.join(' · '), columns, 2)),
    ...(undated === 0 ? [] : wrapIndented(timeless, columns, 2)),
  ];
}

/** `Metadata 97, Request 3`; the most frequent ones where there are many. */
function countsInWords(counts: readonly (readonly [string, number])[]): string {
  const sorted = counts.toSorted(([, a], [, b]) => b - a);
  const more = sorted.length > MOST_REASONS ? `, and ${number(sorted.length - MOST_REASONS)} more` : '';
  const shown = sorted.slice(0, MOST_REASONS).map(([word, count]) => `${safeText(word)} ${number(count)}`);
  return shown.join(', ') + more;
}

function sentAgainLines(retries: Tallied, { columns }: RenderOptions): readonly string[] {
  const counts = Object.entries(retries);
  return counts.length === 0 ? [] : wrapIndented(`Sent again: ${countsInWords(counts)}`, columns, 2);
}

function reasonLines(reasons: readonly ReasonCount[], options: RenderOptions): readonly string[] {
  if (reasons.length === 0) return [];
  const rows = reasons.slice(0, MOST_REASONS).map(({ fate, reason, count }) => [number(count), fate, reason]);
  const more = reasons.length - rows.length;
  return [
    '',
    ...gridLines(['records', 'fate', 'reason'], rows, options),
    ...(more > 0 ? [`… and ${plural(more, 'more reason')} (--json lists all)`] : []),
  ];
}

const UNTOLD: Readonly<Record<NonNullable<Coverage['part']>, string>> = {
  interrupted: 'Times without events are not told: this load has read only a part.',
  resumed:
    'Levels, stages and times are of what this load has read. Times without events are not told: --no-resume reads all ' +
    'again, stores nothing twice, and tells them.',
};

function gapLines(coverage: Coverage, options: RenderOptions): readonly string[] {
  const { gapCount, gapSeconds, gapLimitSeconds, gapResolutionSeconds, gaps, part } = coverage;
  if (part !== undefined) return wrapIndented(UNTOLD[part], options.columns, 2);
  if (gapCount === 0) return [];
  const limit = unbroken(duration(Math.max(gapLimitSeconds, gapResolutionSeconds)));
  const inAll = unbroken(duration(gapSeconds));
  const rest = gapCount > MOST_GAPS ? '; the longest' : '';
  return [
    '',
    ...wrapUnits(
      `${paint('SILENT', 'warning', options)}  ${plural(gapCount, 'gap')} of more than ${limit}, ${inAll} in all${rest}:`,
      options.columns,
      2,
    ),
    ...gaps.slice(0, MOST_GAPS).map(({ from, to, seconds }) => `  ${moments(from, to)} UTC  ${duration(seconds)}`),
  ];
}

function missingLines(missing: readonly MissingRotation[], options: RenderOptions): readonly string[] {
  if (missing.length === 0) return [];
  const shown = missing.slice(0, MOST_FILES);
  const more = missing.length - shown.length;
  return [
    '',
    `${paint('MISSING', 'warning', options)}  Files of a rotation seem not to be there:`,
    ...shown.flatMap(({ after, before, from, to, seconds }) =>
      wrapIndented(
        `${moments(from, to)} UTC  ${duration(seconds)} between ${safeText(after)} and ${safeText(before)}`,
        options.columns,
        2,
        2,
      ),
    ),
    ...(more > 0 ? [`… and ${plural(more, 'more hole')} (--json lists all)`] : []),
  ];
}

/** One row for each file where there are several, those with problems first. */
function fileLines(files: readonly FileReport[], options: RenderOptions): readonly string[] {
  const troubled = files.filter(isTroubled);
  const shown = files.length === 1 ? troubled : [...troubled, ...files.filter((file) => !isTroubled(file))];
  if (shown.length === 0) return [];
  const listed = shown.slice(0, MOST_FILES);
  const fates = FATE_COLUMNS.filter((fate) => fate === 'read' || listed.some((file) => file[fate] > 0));
  const room = fates.reduce((left, fate) => left - GAP - widthOf(fate, listed), roomOf(options));
  const rows = listed.map((file) => [
    ...fates.map((fate) => number(file[fate])),
    safeEnd(file.file, Math.max(room, NARROWEST)),
  ]);
  const [header = '', ...lines] = gridLines([...fates, 'file'], rows, options);
  const more = shown.length - listed.length;
  return [
    '',
    header,
    ...lines.flatMap((line, at) => [line, ...whyLines(listed[at]?.reason, options)]),
    ...(more > 0 ? [`… and ${plural(more, 'more file')} (--json lists all)`] : []),
  ];
}

function widthOf(fate: (typeof FATE_COLUMNS)[number], files: readonly FileReport[]): number {
  return Math.max(fate.length, ...files.map((file) => number(file[fate]).length));
}

/** Below the row, because it may be longer than what a row leaves. */
function whyLines(reason: string | undefined, { columns }: RenderOptions): readonly string[] {
  return reason === undefined ? [] : wrapIndented(safeText(reason), columns, 4);
}
