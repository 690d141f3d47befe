import { hash } from 'node:crypto';
import { KauditError } from '../shared/errors.ts';

/** One of several parts of the input that are loaded by themselves: the first of 8 has index 0. */
export interface Share {
  readonly index: number;
  readonly of: number;
}

/** What is shared out, by a name that all machines know it by. */
export interface Shareable {
  readonly name: string;
}

/**
 * A share of the sources that machines agree on without talking: every source is in one share, and which that is follows
 * from the names alone, because sizes change while logs grow. Each goes to the share that its name's hash says, or to the
 * next one that has fewer than its part: so eight files are one each for eight machines, and a file more moves few others.
 */
export function shareOf<S extends Shareable>(sources: readonly S[], { index, of }: Share): readonly S[] {
  const most = Math.ceil(sources.length / of);
  const counts = new Array<number>(of).fill(0);
  const placed = sources.map((source) => ({ source, place: placeOf(source.name) }));
  const mine = new Set<S>();
  for (const { source, place } of placed.sort((a, b) => a.place - b.place)) {
    let share = place % of;
    while (counts[share] === most) share = (share + 1) % of;
    counts[share] = (counts[share] ?? 0) + 1;
    if (share === index) mine.add(source);
  }
  return sources.filter((source) => mine.has(source));
}

function placeOf(name: string): number {
  return hash('sha256', name, 'buffer').readUIntBE(0, 6);
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
