import { openEntries, readState } from './quarantine-file.ts';

/** Open entries of one source that are there for one reason. */
export interface QuarantinedCount {
  readonly source: string;
  readonly reason: string;
  readonly detail: string;
  readonly count: number;
  /** Of the first of them, in the (inflated) source. */
  readonly offset: number;
}

/** What a quarantine file still holds. */
export interface QuarantinedFile {
  readonly file: string;
  readonly open: number;
  /** Lines of the file that cannot be read. */
  readonly damaged: number;
  readonly counts: readonly QuarantinedCount[];
}

/** What is open in a quarantine file. Asks nobody and changes nothing. */
export async function listOpen(path: string): Promise<QuarantinedFile> {
  const state = await readState(path);
  const counts = new Map<string, QuarantinedCount>();
  for await (const { entry } of openEntries(path, state)) {
    const { source, reason, detail, offset } = entry;
    const key = JSON.stringify([source, reason, detail]);
    const known = counts.get(key) ?? { source, reason, detail, count: 0, offset };
    counts.set(key, { ...known, count: known.count + 1 });
  }
  return { file: path, open: state.open, damaged: state.damaged, counts: [...counts.values()] };
}
