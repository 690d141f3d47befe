import { KauditError } from '../shared/errors.ts';

/** One of several parts of the input that are loaded by themselves: the first of 8 has index 0. */
export interface Share {
  readonly index: number;
  readonly of: number;
}

/** What is shared out: a source, as far as its share depends on it. */
export interface Shareable {
  readonly size?: number | undefined;
}

/**
 * A share of the sources that machines agree on without talking: every source is in one share, and which share that is
 * follows from the list of sources alone, which must be the same on all machines (same arguments, same files). The
 * largest first, each to the share that has least; equal sizes keep the order of the list.
 */
export function shareOf<S extends Shareable>(sources: readonly S[], { index, of }: Share): readonly S[] {
  const loads = new Array<number>(of).fill(0);
  return sources
    .toSorted((a, b) => (b.size ?? 0) - (a.size ?? 0))
    .filter(({ size = 0 }) => {
      const least = loads.indexOf(Math.min(...loads));
      // A file costs something even when it is empty: many small ones are spread too.
      loads[least] = (loads[least] ?? 0) + size + 1;
      return least === index;
    });
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
    throw new KauditError('usage', `--shard is ${text}, and JOB_COMPLETION_INDEX is not set.`, {
      hint: 'Kubernetes sets it in the pods of a Job with completionMode: Indexed; elsewhere name the part, such as 2/8.',
    });
  }
  if (Number.isInteger(index) && index >= 0 && index < of) return { index, of };
  throw new KauditError('usage', `--shard is ${text}: expected a part and their number, such as 1/8 to 8/8.`);
}
