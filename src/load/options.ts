import type { Checkpoints } from './checkpoints.ts';
import type { LoadReport } from './ledger.ts';
import type { Quarantine } from './quarantine.ts';
import type { LogRecord } from './record.ts';
import type { Format } from './sniff.ts';
import type { Source } from './sources.ts';
import type { Threads } from './threads/pool.ts';

export interface LoadOptions {
  /** Name that the events' cluster gets: nothing in an event says which cluster it is from. */
  readonly cluster?: string;
  readonly namespace: string;
  /** Folder for what cannot be indexed, or where it goes instead. */
  readonly quarantine: string | Quarantine;
  /** Where the records of a source come from, when not from its bytes: a replay has them at hand. */
  readonly recordsOf?: (source: Source) => readonly LogRecord[];
  /** Bytes of the longest line that is read. */
  readonly longestLine?: number;
  /** Longest time without events that is not reported. */
  readonly gapSeconds?: number;
  /** Layout of the files, where the user insists on one. */
  readonly format?: Format;
  /** Other threads that help to read; whose they are closes them. */
  readonly threads?: Threads;
  /** Stops reading; what has been read is still delivered. */
  readonly signal: AbortSignal;
  /** Keeps the result. Until it is kept, it is remembered how far the load is. */
  readonly keep?: (result: LoadResult) => Promise<void>;
  /** Where it is remembered how far the load is. */
  readonly checkpoints?: Checkpoints;
  /** Told what the user should know at once. */
  readonly say?: (line: string) => void;
  /** Told about each file as it begins and as it proceeds. */
  readonly onProgress?: (progress: LoadProgress) => void;
}

export interface LoadProgress {
  readonly events: number;
  /** Bytes read from disk, of how many; undefined where a source has no size. */
  readonly bytes: number;
  readonly total: number | undefined;
}

export interface LoadResult {
  /** The name of this run: of its quarantine file, and in its report. */
  readonly run: string;
  /** ISO time at which it began. */
  readonly started: string;
  readonly report: LoadReport;
  /** Something was quarantined, a source could not be read to its end, or one that was named was left out. */
  readonly partial: boolean;
}
