import { isDeepStrictEqual } from 'node:util';
import { type Checkpoint, type Checkpoints, type Fingerprint, fingerprintOf, progressOf } from './checkpoints.ts';
import { FileLedger } from './ledger.ts';
import type { Quarantine } from './quarantine.ts';
import type { Store } from './store.ts';
import { openTrail, type Trail } from './trail.ts';
import type { Member } from './unpack/index.ts';

export interface ResumptionOptions {
  readonly store: Store;
  /** Undefined: nothing is remembered, and everything is read from its beginning. */
  readonly checkpoints: Checkpoints | undefined;
  readonly quarantine: Quarantine;
  /** Sends everything that waits for more, and waits until it is stored. */
  readonly flush: () => Promise<void>;
  /** How this load reads. */
  readonly reading: Checkpoint['reading'];
  /** Told why a log that was begun is read from its beginning. */
  readonly say: (line: string) => void;
}

/** A log on its way, from where an unfinished load has left it. */
export interface OpenedMember {
  readonly from: number;
  readonly bytes: AsyncIterable<Buffer>;
  readonly ledger: FileLedger;
  /** Everything before this byte has been read, and reading may begin again here. To be waited for. */
  readonly done: (offset: number) => Promise<void>;
  /** No place will come any more: reading has ended, or cannot begin again from here on. May be said more than once. */
  readonly close: () => void;
}

/** Begins logs where an unfinished load has left them, and remembers how far this one is. */
export interface Resumption {
  readonly open: (member: Member) => Promise<OpenedMember>;
  /** Documents are about to go to this index. */
  readonly noteIndex: (index: string) => Promise<void>;
  /** Writes checkpoints when the last ones are old enough. */
  readonly saveNowAndThen: () => Promise<void>;
  /** Quarantine files of the runs that this one has gone on from. */
  readonly quarantineFiles: () => readonly string[];
  /** The load has come to its end: nothing is left to resume. */
  readonly forget: () => Promise<void>;
  /** Writes what is done with. */
  readonly close: () => Promise<void>;
}

/** What is remembered of a log while it is loaded. */
interface Watched {
  readonly key: string;
  readonly ledger: FileLedger;
  readonly trail: Trail;
  /** Last bytes before each place where reading may begin again. */
  readonly tails: Map<number, Buffer>;
  /** Quarantine files of earlier runs. */
  readonly quarantineFiles: readonly string[];
  /** The last place. */
  last: number;
  saved: number;
  isClosed: boolean;
}

const SAVE_EVERY_MS = 1000;
/** Places of one log at which reading may begin again, of which none is done with yet. */
const MOST_PLACES = 1000;

export function openResumption({ store, checkpoints, reading, say, ...options }: ResumptionOptions): Resumption {
  /** Logs of which a place may still have to be saved. The others are let go of: there may be a million of them. */
  const watched = new Set<Watched>();
  /** Keys of all logs that were opened, and are not forgotten yet. */
  const remembered = new Set<string>();
  const earlierFiles = new Set<string>();
  /** Indices that documents have gone to, by id; and all ids that were asked for. */
  const indices = new Map<string, string>();
  const known = new Map<string, string>();
  let savedAt = Date.now();
  let saving: Promise<void> = Promise.resolve();

  const letGo = (log: Watched): void => {
    if (log.isClosed && log.saved === log.last) watched.delete(log);
  };
  const save = async (): Promise<void> => {
    if (checkpoints === undefined) return;
    // First how far each log is, then what that relies on, then the checkpoints: the next fates come meanwhile.
    const done = [...watched].map((log) => ({ log, ...log.ledger.progress() }));
    const noted = Object.fromEntries(indices);
    const file = options.quarantine.file();
    const files = [...options.quarantine.earlierFiles(), ...(file === undefined ? [] : [file])];
    await options.quarantine.sync();
    const due = done.flatMap(({ log, ...progress }) => {
      const tail = log.tails.get(progress.offset);
      const isDue = progress.offset !== log.saved && remembered.has(log.key);
      return tail !== undefined && isDue ? [{ log, tail, ...progress }] : [];
    });
    await checkpoints.save(
      due.map(({ log, tail, offset, counts, reasons }) => ({
        key: log.key,
        reading,
        offset,
        counts,
        reasons: [...reasons],
        quarantineFiles: [...new Set([...log.quarantineFiles, ...files])],
        head: fingerprintOf(log.trail.head()),
        tail: fingerprintOf(tail),
        indices: noted,
      })),
    );
    for (const { log, offset } of due) {
      for (const place of log.tails.keys()) if (place < offset) log.tails.delete(place);
      log.saved = offset;
      letGo(log);
    }
  };
  const saveAlone = (): Promise<void> => {
    savedAt = Date.now();
    saving = saving.then(save);
    return saving;
  };

  const hasProgress = (): boolean =>
    [...watched].some(({ ledger, saved, tails }) => {
      const { offset } = ledger.progress();
      return offset !== saved && tails.has(offset);
    });
  // A save of nothing would put off the next one, and nobody may come by again before the server has answered everything.
  const saveNowAndThen = async (): Promise<void> => {
    if (checkpoints !== undefined && Date.now() - savedAt >= SAVE_EVERY_MS && hasProgress()) await saveAlone();
  };
  const idOf = async (index: string): Promise<string> => {
    const id = known.get(index) ?? (await store.indexId(index));
    if (id !== '') known.set(index, id);
    return id;
  };
  /** An index that was deleted took events with it that the checkpoint counts as stored. */
  const stillThere = async (checkpoint: Checkpoint): Promise<boolean> => {
    for (const [index, id] of Object.entries(checkpoint.indices)) {
      if (id === '' || (await idOf(index)) !== id) return false;
    }
    return true;
  };
  /** Where to go on, or why not; undefined for a log that was not begun. */
  const startOf = async (member: Member, { find }: Checkpoints, key: string): Promise<Start | string | undefined> => {
    const found = await find(key);
    if (found.kind === 'none') return undefined;
    if (found.kind === 'damaged') return 'what was remembered of it is damaged, or of another version of kaudit';
    const { checkpoint } = found;
    if (!isDeepStrictEqual(checkpoint.reading, reading)) return 'it was begun with other settings or another kaudit';
    if (!(await stillThere(checkpoint))) return 'an index with its events is not there any more';
    return (await resumed(member, checkpoint)) ?? 'it is not the log any more that was begun';
  };

  return {
    open: async (member) => {
      const key = member.isRereadable ? member.key : undefined;
      if (checkpoints === undefined || key === undefined) return fromTheBeginning(member);
      const begun = await startOf(member, checkpoints, key);
      if (typeof begun === 'string') say(`${member.name} is read from its beginning: ${begun}.`);
      const start = typeof begun === 'string' ? undefined : begun;
      for (const [index, id] of Object.entries(start?.checkpoint.indices ?? {})) indices.set(index, id);
      const from = start?.checkpoint.offset ?? 0;
      const ledger = new FileLedger(member.name, start && progressOf(start.checkpoint));
      const trail = openTrail(from, start?.head);
      const tails = new Map<number, Buffer>(start && [[from, start.tail]]);
      const quarantineFiles = start?.checkpoint.quarantineFiles ?? [];
      const log: Watched = { key, ledger, trail, tails, quarantineFiles, last: from, saved: from, isClosed: false };
      watched.add(log);
      remembered.add(key);
      for (const file of quarantineFiles) earlierFiles.add(file);
      const done = async (offset: number): Promise<void> => {
        const tail = trail.before(offset);
        if (tail.length > 0 && ledger.mark(offset)) {
          tails.set(offset, tail);
          log.last = offset;
        }
        // One event that waits for its batch to fill would keep every place behind it.
        if (tails.size > MOST_PLACES) await options.flush().then(saveAlone);
        else await saveNowAndThen();
      };
      const bytes = trail.pass(start?.rest ?? member.bytes());
      const close = (): void => {
        trail.close();
        log.isClosed = true;
        letGo(log);
      };
      return { from, bytes, ledger, done, close };
    },
    noteIndex: async (index) => {
      if (checkpoints !== undefined && !indices.has(index)) indices.set(index, await idOf(index));
    },
    saveNowAndThen,
    quarantineFiles: () => [...earlierFiles],
    forget: async () => {
      for (const key of remembered) {
        remembered.delete(key);
        await checkpoints?.forget(key);
      }
    },
    close: saveAlone,
  };
}

function fromTheBeginning(member: Member): OpenedMember {
  const ledger = new FileLedger(member.name);
  return { from: 0, bytes: member.bytes(), ledger, done: async () => {}, close: () => {} };
}

interface Start {
  readonly checkpoint: Checkpoint;
  readonly head: Buffer;
  readonly tail: Buffer;
  readonly rest: AsyncIterable<Buffer>;
}

/** The log from the checkpoint on, when it is the one that the checkpoint is of. */
async function resumed(member: Member, checkpoint: Checkpoint): Promise<Start | undefined> {
  const { offset, head, tail } = checkpoint;
  try {
    const first = await bytesOf(member, 0, head);
    const last = await bytesOf(member, offset - tail.length, tail);
    if (first === undefined || last === undefined) return undefined;
    return { checkpoint, head: first, tail: last, rest: member.bytes({ from: offset }) };
  } catch {
    // What cannot be read is met again, and told, where it is read from its beginning.
    return undefined;
  }
}

async function bytesOf(member: Member, from: number, { length, hash }: Fingerprint): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  for await (const chunk of member.bytes({ from, to: from + length })) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  return fingerprintOf(bytes).hash === hash ? bytes : undefined;
}
