/**
 * Documents on their way from the thread that made them to the one that delivers them, in a form that is cheap to send: the
 * texts one behind the other, and what else is known of them in columns.
 */
import { type DocumentContext, documentOf } from '../../audit/document.ts';
import { openUnwrapper } from '../../audit/wrappers/index.ts';
import { mostBytes } from '../batch.ts';
import { only, splitLines } from '../lines.ts';
import { type LoadDocument, type LogRecord, recordsOfLine } from '../record.ts';
import { type Block, linesOf } from './blocks.ts';

/** A block of a log, and what has to be known to make documents of it. */
export interface Task extends Omit<Block, 'kind'> {
  readonly file: string;
  /** Bytes of the longest line that is read. */
  readonly longest: number;
  readonly context: DocumentContext;
}

/** The documents of a block, whose texts are behind its lines in the same memory. */
export interface Parcel {
  /** For each document: where its event ends, where what was added ends, microseconds or NaN, and the place of its kind. */
  readonly numbers: readonly number[];
  readonly ids: readonly string[];
  /** Each once: there are few. */
  readonly kinds: readonly DocumentKind[];
}

type DocumentKind = Pick<LoadDocument, 'period' | 'level' | 'stage' | 'degraded' | 'cluster'>;

const COLUMNS = 4;

/**
 * Makes the documents of a block that holds nothing but events. Undefined where there is anything else, where a line may
 * belong to another one that is not here, or where the texts do not fit: that is for the thread that has the whole log.
 */
export async function parcelOf(task: Task): Promise<Parcel | undefined> {
  const { file, offset, longest, context } = task;
  const unwrapper = openUnwrapper();
  const packer = openPacker(task);
  for await (const lines of splitLines(only(linesOf(task)), { from: offset, longest })) {
    for (const line of lines) {
      for (const record of recordsOfLine(file, line, unwrapper)) {
        if (record.kind !== 'candidate') return undefined;
        const result = documentOf(record.candidate, record.value, context);
        if (result.kind === 'rejected' || !packer.add(result.document)) return undefined;
      }
    }
  }
  return unwrapper.isWaiting() ? undefined : packer.parcel;
}

function openPacker({ memory, length }: Task) {
  const bytes = Buffer.from(memory);
  let end = length;
  const numbers: number[] = [];
  const ids: string[] = [];
  const kinds: DocumentKind[] = [];
  const places = new Map<string, number>();

  const write = (text: string | Buffer): void => {
    end += typeof text === 'string' ? bytes.write(text, end) : text.copy(bytes, end);
    numbers.push(end);
  };
  const placeOf = ({ period, level, stage, degraded, cluster }: LoadDocument): number => {
    const key = JSON.stringify([period, level, stage, degraded, cluster]);
    const place = places.get(key);
    if (place !== undefined) return place;
    places.set(key, places.size);
    return kinds.push({ period, level, stage, degraded, cluster }) - 1;
  };
  return {
    parcel: { numbers, ids, kinds },
    /** False where there is no room for it. */
    add: (document: LoadDocument): boolean => {
      if (end + mostBytes(document.event) + mostBytes(document.added) > bytes.length) return false;
      write(document.event);
      write(document.added);
      numbers.push(document.micros ?? Number.NaN, placeOf(document));
      ids.push(document.id);
      return true;
    },
  };
}

/** The documents of a block, in the order of the log. Their events are only there as long as the memory is. */
export function* documentsOf({ memory, length }: Block, { numbers, ids, kinds }: Parcel): Generator<LogRecord> {
  const bytes = Buffer.from(memory);
  const number = (document: number, column: number): number => numbers[document * COLUMNS + column] ?? Number.NaN;
  let start = length;
  for (const [at, id] of ids.entries()) {
    const kind = kinds[number(at, 3)];
    if (kind === undefined) throw new RangeError(`document ${at} of a parcel is of no kind`);
    const { period, level, stage, degraded, cluster } = kind;
    const [eventEnd, end, micros] = [number(at, 0), number(at, 1), number(at, 2)];
    const event = bytes.subarray(start, eventEnd);
    const added = bytes.toString('utf8', eventEnd, end);
    const time = Number.isNaN(micros) ? undefined : micros;
    yield { kind: 'document', document: { id, period, level, stage, degraded, cluster, micros: time, event, added } };
    start = end;
  }
}
