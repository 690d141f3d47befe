import type { Coverage } from './coverage.ts';
import type { Tallied } from './tally.ts';

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

/** Fates that have a reason; degraded is one of the created's. */
export type Explained = 'quarantined' | 'skipped' | 'degraded';

/** How many records have a fate for a reason: of each fate the counts add up to its own. */
export interface ReasonCount {
  readonly fate: Explained;
  readonly reason: string;
  readonly count: number;
}

export interface FileReport extends Counts {
  readonly file: string;
  readonly balanced: boolean;
  /** Why it was skipped, or where reading it ended early. */
  readonly reason?: string;
  readonly reasons: readonly ReasonCount[];
}

export interface LoadReport extends Counts {
  readonly balanced: boolean;
  readonly reasons: readonly ReasonCount[];
  /** Documents that the server refused, by its type of error, whatever became of them then. */
  readonly rejections: Tallied;
  /** Requests that were sent again, by why: filled in by who opened the store. */
  readonly retries?: Tallied;
  readonly coverage: Coverage;
  readonly files: readonly FileReport[];
  readonly seconds: number;
  /** Bytes of JSON that were read, after inflating. */
  readonly bytes: number;
  readonly quarantineFile?: string;
}

/** Counts of one file while it is loaded. */
export interface FileLedger {
  readonly file: string;
  readonly counts: { -readonly [K in keyof Counts]: Counts[K] };
  readonly reasons: Map<string, ReasonCount>;
  reason: string | undefined;
  /** Reading ended before the end, or a file that the user named was left out. */
  partial: boolean;
}

export function openFileLedger(file: string): FileLedger {
  return { file, counts: { ...NOTHING }, reasons: new Map(), reason: undefined, partial: false };
}

const NOTHING: Counts = { read: 0, created: 0, duplicate: 0, variant: 0, quarantined: 0, skipped: 0, degraded: 0 };

/** Enters one record's fate, with its reason; a reason for created says that it is degraded. */
export function settle(ledger: FileLedger, fate: Settled, reason?: string): void {
  ledger.counts[fate] += 1;
  if (fate === 'quarantined' || fate === 'skipped')
    explain(ledger.reasons, { fate, reason: reason ?? 'unknown', count: 1 });
  if (fate !== 'created' || reason === undefined) return;
  ledger.counts.degraded += 1;
  explain(ledger.reasons, { fate: 'degraded', reason, count: 1 });
}

function explain(reasons: Map<string, ReasonCount>, { fate, reason, count }: ReasonCount): void {
  const key = `${fate} ${reason}`;
  reasons.set(key, { fate, reason, count: count + (reasons.get(key)?.count ?? 0) });
}

export interface LoadTotals {
  readonly coverage: Coverage;
  readonly rejections: Tallied;
  readonly seconds: number;
  readonly bytes: number;
  readonly quarantineFile: string | undefined;
}

/** The report of a load: balanced when every record that was read has one fate. */
export function closeLedger(ledgers: readonly FileLedger[], totals: LoadTotals): LoadReport {
  const files = ledgers.map(closeFile);
  const counts = files.reduce<Counts>(addCounts, NOTHING);
  const { quarantineFile, ...measured } = totals;
  const reasons = new Map<string, ReasonCount>();
  for (const ledger of ledgers) for (const reason of ledger.reasons.values()) explain(reasons, reason);
  return {
    ...counts,
    balanced: files.every((file) => file.balanced),
    reasons: mostFrequent(reasons),
    ...measured,
    files,
    ...(quarantineFile !== undefined && { quarantineFile }),
  };
}

function closeFile({ file, counts, reasons, reason }: FileLedger): FileReport {
  return {
    file,
    ...counts,
    balanced: isBalanced(counts),
    ...(reason !== undefined && { reason }),
    reasons: mostFrequent(reasons),
  };
}

function mostFrequent(reasons: ReadonlyMap<string, ReasonCount>): readonly ReasonCount[] {
  return [...reasons.values()].sort((a, b) => b.count - a.count);
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
