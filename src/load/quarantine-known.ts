import { hash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { QuarantineEntry } from './quarantine.ts';
import { listQuarantine, openEntries, readState } from './quarantine-file.ts';

/** Entries that earlier loads have opened, and nobody has closed: what is met again needs no second one. */
export interface KnownEntries {
  /** The file that has it open already. */
  readonly fileOf: (entry: QuarantineEntry) => Promise<string | undefined>;
}

/** Entries that are known again. Of more, some are opened twice, which does no harm. */
const MOST_KNOWN = 100_000;

/** The open entries of a folder, read when the first one is asked for. */
export function knownEntries(folder: string): KnownEntries {
  let reading: Promise<ReadonlyMap<string, string>> | undefined;
  return {
    fileOf: async (entry) => {
      reading ??= readKnown(folder);
      return (await reading).get(keyOf(entry));
    },
  };
}

async function readKnown(folder: string): Promise<ReadonlyMap<string, string>> {
  const known = new Map<string, string>();
  const files = await listQuarantine(folder).catch(() => []);
  for (const file of files.toReversed()) {
    if (known.size >= MOST_KNOWN) break;
    // One that cannot be read is none to rely on.
    await addKnown(known, file).catch(() => {});
  }
  return known;
}

async function addKnown(known: Map<string, string>, file: string): Promise<void> {
  const state = await readState(file);
  if (state.open === 0) return;
  await makeDurable(file);
  for await (const { entry } of openEntries(file, state)) {
    if (known.size >= MOST_KNOWN) return;
    known.set(keyOf(entry), file);
  }
}

/** Who wrote it may have died before it was on the disk, and a checkpoint will rely on it. */
async function makeDurable(file: string): Promise<void> {
  const handle = await open(file, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Source, range and content, and where it goes. */
function keyOf({ source, path, offset, end, sha256, origin, cluster, namespace }: QuarantineEntry): string {
  const identity = [path ?? source, offset, end, origin.offset, sha256, cluster, namespace];
  return hash('sha256', JSON.stringify(identity)).slice(0, 32);
}
