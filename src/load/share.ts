import { KauditError } from '../shared/errors.ts';

/** One of several parts of the input that are loaded by themselves: the first of 8 has index 0. */
export interface Share {
  readonly index: number;
  readonly of: number;
}

/** What is shared out: a source, as far as its share depends on it. */
export interface Shareable {
  readonly name: string;
  readonly size?: number | undefined;
  /** True of a plain file with an event a line: then it may be read from any line on. */
  readonly splittable?: boolean;
}

/**
 * Lines of a source: those that begin after `from` and not after `end`, and for `from: 0` the first. So it starts after
 * the first newline at or after `from`, and runs through the line that holds `end`; without `end` to where the source ends.
 */
export interface Range {
  readonly from: number;
  readonly end: number | undefined;
}

export interface Piece<S> {
  readonly source: S;
  /** Undefined: all of it. */
  readonly range: Range | undefined;
}

/** Large enough that finding a first line costs nothing, small enough that shares come out even. */
export const PIECE_BYTES = 256 * 1024 * 1024;

/**
 * A share of the sources that machines agree on without talking: every byte is in one share, and which share that is
 * follows from the list of sources alone, which must be the same on all machines (same arguments, same files).
 *
 * Files that can be split are cut at multiples of `pieceBytes`, and their pieces dealt out in turn. Neither where a cut
 * is nor who gets a piece depends on any size, and the last piece has no end: a log that grows while the machines look
 * at it, one after the other, loses nothing that was there when the first looked. All other files are whole: the largest
 * first, each to the share that has least; they are archives, whose sizes do not change.
 */
export function shareOf<S extends Shareable>(
  sources: readonly S[],
  { index, of }: Share,
  pieceBytes = PIECE_BYTES,
): readonly Piece<S>[] {
  return [...wholeFiles(sources, { index, of }), ...splitFiles(sources, { index, of }, pieceBytes)];
}

/** Equal sizes keep the order of the list. */
function wholeFiles<S extends Shareable>(sources: readonly S[], { index, of }: Share): readonly Piece<S>[] {
  const whole = sources.filter((source) => source.splittable !== true);
  const loads = new Array<number>(of).fill(0);
  return whole
    .toSorted((a, b) => (b.size ?? 0) - (a.size ?? 0))
    .filter(({ size = 0 }) => {
      const least = loads.indexOf(Math.min(...loads));
      // A file costs something even when it is empty: many small ones are spread too.
      loads[least] = (loads[least] ?? 0) + size + 1;
      return least === index;
    })
    .map((source) => ({ source, range: undefined }));
}

function splitFiles<S extends Shareable>(
  sources: readonly S[],
  { index, of }: Share,
  pieceBytes: number,
): readonly Piece<S>[] {
  return sources
    .filter((source) => source.splittable === true)
    .flatMap((source, at) =>
      rangesOf(source.size ?? 0, pieceBytes)
        .filter((_, piece) => (at + piece) % of === index)
        .map((range) => ({ source, range })),
    );
}

function rangesOf(size: number, pieceBytes: number): readonly Range[] {
  const count = Math.max(1, Math.ceil(size / pieceBytes));
  return Array.from({ length: count }, (_, piece) => ({
    from: piece * pieceBytes,
    end: piece === count - 1 ? undefined : (piece + 1) * pieceBytes,
  }));
}

/**
 * Reads `2/8`, the second of eight; or `job/8`, the share of this pod in an indexed Job of Kubernetes, which numbers its
 * pods from 0 in JOB_COMPLETION_INDEX.
 */
export function parseShare(text: string, jobIndex: string | undefined): Share {
  const [, which = '', total = ''] = /^(\d{1,4}|job)\/(\d{1,4})$/.exec(text) ?? [];
  const index = which === 'job' ? Number(jobIndex ?? Number.NaN) : Number(which) - 1;
  const of = Number(total);
  if (which === 'job' && (jobIndex ?? '') === '') {
    throw new KauditError('usage', `--share is ${text}, and JOB_COMPLETION_INDEX is not set.`, {
      hint: 'Kubernetes sets it in the pods of a Job with completionMode: Indexed; elsewhere name the share, such as 2/8.',
    });
  }
  if (Number.isInteger(index) && index >= 0 && index < of) return { index, of };
  throw new KauditError('usage', `--share is ${text}: expected a part and their number, such as 1/8 to 8/8.`);
}
