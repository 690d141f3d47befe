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
  /** Byte at which this run began; what is before was done by an earlier one, whose counts are in these. */
  readonly resumedAt?: number;
  /** Records that were done before it; they are in these counts. */
  readonly readBefore?: number;
  /** Why it was skipped, or where reading it ended early. */
  readonly reason?: string;
  readonly reasons: readonly ReasonCount[];
}

export interface LoadReport extends Counts {
  readonly balanced: boolean;
  /** Records that earlier runs of this load had done; they are in these counts. */
  readonly readBefore?: number;
  readonly firstEvent?: string;
  readonly lastEvent?: string;
  readonly reasons: readonly ReasonCount[];
  /** Documents of this run that the server refused, by its type of error, whatever became of them then. */
  readonly rejections: Tallied;
  /** Requests that were sent again, by why: filled in by who opened the store. */
  readonly retries?: Tallied;
  /** Of what this run has read. */
  readonly coverage: Coverage;
  readonly files: readonly FileReport[];
  readonly seconds: number;
  /** Bytes of JSON that were read, after inflating. */
  readonly bytes: number;
  /** Of this run. */
  readonly quarantineFile?: string;
  /** Of earlier loads: what they have quarantined, and this one has gone on from or met again, is in its counts. */
  readonly earlierQuarantineFiles?: readonly string[];
}

type RunningCounts = { -readonly [K in keyof Counts]: Counts[K] };

/** A stretch of a source, and what became of its records. */
export interface Segment {
  readonly counts: RunningCounts;
  /** A few: each reason once. */
  readonly reasons: (ReasonCount & { count: number })[];
  /** Read, and without a fate yet. */
  open: number;
}

/** How far a source is done with: everything before `offset` has its fate, and `counts` says which. */
export interface Progress {
  /** Bytes of the inflated source. */
  readonly offset: number;
  readonly counts: Counts;
  readonly reasons: readonly ReasonCount[];
}

interface ClosedSegment extends Segment {
  readonly end: number;
}

export const NOTHING: Counts = {
  read: 0,
  created: 0,
  duplicate: 0,
  variant: 0,
  quarantined: 0,
  skipped: 0,
  degraded: 0,
};
const START: Progress = { offset: 0, counts: NOTHING, reasons: [] };

function newSegment(): Segment {
  return { counts: { ...NOTHING }, reasons: [], open: 0 };
}

/**
 * Counts of one file while it is loaded. Fates come in any order, batches being under way side by side, so the file is
 * counted in segments: only a row of finished ones from the beginning may be taken for done.
 */
export class FileLedger {
  readonly file: string;
  reason: string | undefined;
  /** Reading ended before the end, or a file that the user named was left out. */
  partial = false;
  readonly #from: Progress;
  #done: Progress;
  /** Records of other programs, by what they are. */
  readonly #others = new Map<string, number>();
  #closed: ClosedSegment[] = [];
  #current = newSegment();

  /** `from`: what an earlier run has done. */
  constructor(file: string, from = START) {
    this.file = file;
    this.#done = from;
    this.#from = from;
    for (const { fate, reason, count } of from.reasons) if (fate === 'skipped') this.#others.set(reason, count);
  }

  /** Counts a record as read; its fate is entered into the segment. */
  read(): Segment {
    this.#current.counts.read += 1;
    this.#current.open += 1;
    return this.#current;
  }

  /** Everything before this offset has been read, and reading may begin again here. False where nothing was. */
  mark(offset: number): boolean {
    if (this.#current.counts.read === 0) return false;
    this.#closed.push(Object.assign(this.#current, { end: offset }));
    this.#current = newSegment();
    return true;
  }

  /** Enters a record of another program: read, and left out. */
  skip(what: string): void {
    const kind = this.#others.has(what) || this.#others.size < MOST_KINDS ? what : 'other record';
    this.#others.set(kind, (this.#others.get(kind) ?? 0) + 1);
    settle(this.read(), 'skipped', kind);
  }

  /** How far the file is done with. */
  progress(): Progress {
    while (this.#closed[0]?.open === 0) {
      const { counts, reasons, end } = this.#closed.shift() as ClosedSegment;
      this.#done = {
        offset: end,
        counts: addCounts(this.#done.counts, counts),
        reasons: addReasons([...this.#done.reasons, ...reasons]),
      };
    }
    return this.#done;
  }

  /** Whether an earlier run has read its beginning. */
  isResumed(): boolean {
    return this.#from.offset > 0;
  }

  report(): FileReport {
    const open = [...this.#closed, this.#current];
    const counts = open.reduce((sum, segment) => addCounts(sum, segment.counts), this.#done.counts);
    const kinds = [...this.#others].map(([what, count]) => `${count} ${count === 1 ? what : `${what}s`}`);
    const skipped = kinds.length > 0 ? `${kinds.join(', ')} skipped` : undefined;
    const reason = [this.reason, skipped].filter((text) => text !== undefined).join('; ');
    return {
      file: this.file,
      ...counts,
      balanced: isBalanced(counts),
      ...(this.isResumed() && { resumedAt: this.#from.offset, readBefore: this.#from.counts.read }),
      ...(reason !== '' && { reason }),
      reasons: addReasons([...this.#done.reasons, ...open.flatMap(({ reasons }) => reasons)]),
    };
  }
}

/** What is worth knowing of a source stands with the log that it is, or beside those of an archive. */
export function remarkOn(ledgers: FileLedger[], name: string, remark: string): void {
  let ledger = ledgers.find(({ file }) => file === name);
  if (ledger === undefined) {
    ledger = new FileLedger(name);
    ledgers.push(ledger);
  }
  ledger.reason ??= remark;
}

/** Kinds of other programs' records that are named; the sources choose the names. */
const MOST_KINDS = 20;

/** Enters one record's fate, with its reason; a reason for created says that it is degraded. */
export function settle(segment: Segment, fate: Settled, reason?: string): void {
  segment.open -= 1;
  segment.counts[fate] += 1;
  if (fate === 'quarantined' || fate === 'skipped') explain(segment, fate, reason ?? 'unknown');
  if (fate !== 'created' || reason === undefined) return;
  segment.counts.degraded += 1;
  explain(segment, 'degraded', reason);
}

function explain({ reasons }: Segment, fate: Explained, reason: string): void {
  const known = reasons.find((one) => one.reason === reason && one.fate === fate);
  if (known === undefined) reasons.push({ fate, reason, count: 1 });
  else known.count += 1;
}

/** One count for each fate and reason, most frequent first. */
function addReasons(reasons: readonly ReasonCount[]): readonly ReasonCount[] {
  const sums = new Map<string, ReasonCount>();
  for (const { fate, reason, count } of reasons) {
    const key = `${fate} ${reason}`;
    sums.set(key, { fate, reason, count: count + (sums.get(key)?.count ?? 0) });
  }
  return [...sums.values()].sort((a, b) => b.count - a.count);
}

export interface LoadTotals {
  readonly coverage: Coverage;
  readonly rejections: Tallied;
  readonly seconds: number;
  readonly bytes: number;
  readonly quarantineFile: string | undefined;
  readonly earlierQuarantineFiles: readonly string[];
}

/** The report of a load: balanced when every record that was read has one fate. */
export function closeLedger(ledgers: readonly FileLedger[], totals: LoadTotals): LoadReport {
  const files = ledgers.map((ledger) => ledger.report());
  const counts = files.reduce<Counts>(addCounts, NOTHING);
  const { quarantineFile, earlierQuarantineFiles, ...measured } = totals;
  const { first, last } = totals.coverage;
  const readBefore = files.reduce((sum, file) => sum + (file.readBefore ?? 0), 0);
  return {
    ...counts,
    balanced: files.every((file) => file.balanced),
    ...(readBefore > 0 && { readBefore }),
    ...(first !== undefined && { firstEvent: first }),
    ...(last !== undefined && { lastEvent: last }),
    reasons: addReasons(files.flatMap(({ reasons }) => reasons)),
    ...measured,
    files,
    ...(quarantineFile !== undefined && { quarantineFile }),
    ...(earlierQuarantineFiles.length > 0 && { earlierQuarantineFiles }),
  };
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
