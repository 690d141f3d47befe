import { isoMillis } from '../audit/time.ts';

/** What became of what was read. `read = created + duplicate + variant + quarantined + skipped`; degraded is part of created. */
export interface Counts {
  /** Records: events, and whatever stood in an event's place. */
  readonly read: number;
  readonly created: number;
  /** Stored before, equal in content. */
  readonly duplicate: number;
  /** The id was taken by an event with other content: stored beside it. */
  readonly variant: number;
  /** No audit event, or refused in every form: kept in the quarantine file. */
  readonly quarantined: number;
  /** Left out with a reason, such as a whole file without JSON. */
  readonly skipped: number;
  /** Created with facts and safe leaves, the event itself as one string. */
  readonly degraded: number;
}

export type Settled = 'created' | 'duplicate' | 'variant' | 'quarantined' | 'skipped';

export interface FileReport extends Counts {
  readonly file: string;
  readonly balanced: boolean;
  /** Why it was skipped, or where reading it ended early. */
  readonly reason?: string;
}

export interface LoadReport extends Counts {
  readonly balanced: boolean;
  readonly files: readonly FileReport[];
  readonly firstEvent?: string;
  readonly lastEvent?: string;
  readonly seconds: number;
  /** Bytes of JSON that were read, after inflating. */
  readonly bytes: number;
  readonly quarantineFile?: string;
}

/** Counts of one file while it is loaded. */
export interface FileLedger {
  readonly file: string;
  readonly counts: { -readonly [K in keyof Counts]: Counts[K] };
  reason: string | undefined;
  /** Records of other programs, by what they are. */
  readonly others: Map<string, number>;
  /** Reading ended before the end, or a file that the user named was left out. */
  partial: boolean;
}

export function openFileLedger(file: string): FileLedger {
  return { file, counts: { ...NOTHING }, reason: undefined, others: new Map(), partial: false };
}

const NOTHING: Counts = { read: 0, created: 0, duplicate: 0, variant: 0, quarantined: 0, skipped: 0, degraded: 0 };

/** Enters one record's fate. */
export function settle(ledger: FileLedger, fate: Settled, degraded = false): void {
  ledger.counts[fate] += 1;
  if (degraded && fate === 'created') ledger.counts.degraded += 1;
}

/** Kinds of other programs' records that are named; the sources choose the names. */
const MOST_KINDS = 20;

/** Enters a record of another program: read, and left out. */
export function skip(ledger: FileLedger, what: string): void {
  const { others } = ledger;
  const kind = others.has(what) || others.size < MOST_KINDS ? what : 'other record';
  others.set(kind, (others.get(kind) ?? 0) + 1);
  ledger.counts.read += 1;
  settle(ledger, 'skipped');
}

/** The span of event times, in microseconds. */
export interface Span {
  first: number;
  last: number;
}

export function widen(span: Span, micros: number | undefined): void {
  if (micros === undefined) return;
  span.first = Math.min(span.first, micros);
  span.last = Math.max(span.last, micros);
}

export interface LoadTotals {
  readonly span: Span;
  readonly seconds: number;
  readonly bytes: number;
  readonly quarantineFile: string | undefined;
}

/** The report of a load: balanced when every record that was read has one fate. */
export function closeLedger(ledgers: readonly FileLedger[], totals: LoadTotals): LoadReport {
  const files = ledgers.map(closeFile);
  const counts = files.reduce<Counts>(addCounts, NOTHING);
  const { span, seconds, bytes, quarantineFile } = totals;
  return {
    ...counts,
    balanced: files.every((file) => file.balanced),
    files,
    ...(Number.isFinite(span.first) && { firstEvent: isoMillis(span.first), lastEvent: isoMillis(span.last) }),
    seconds,
    bytes,
    ...(quarantineFile !== undefined && { quarantineFile }),
  };
}

function closeFile({ file, counts, reason: early, others }: FileLedger): FileReport {
  const kinds = [...others].map(([what, count]) => `${count} ${count === 1 ? what : `${what}s`}`);
  const skipped = kinds.length > 0 ? `${kinds.join(', ')} skipped` : undefined;
  const reason = [early, skipped].filter((text) => text !== undefined).join('; ') || undefined;
  return { file, ...counts, balanced: isBalanced(counts), ...(reason !== undefined && { reason }) };
}

function isBalanced(counts: Counts): boolean {
  return counts.read === counts.created + counts.duplicate + counts.variant + counts.quarantined + counts.skipped;
}

function addCounts(sum: Counts, file: Counts): Counts {
  return {
    read: sum.read + file.read,
    created: sum.created + file.created,
    duplicate: sum.duplicate + file.duplicate,
    variant: sum.variant + file.variant,
    quarantined: sum.quarantined + file.quarantined,
    skipped: sum.skipped + file.skipped,
    degraded: sum.degraded + file.degraded,
  };
}
