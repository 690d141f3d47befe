import { keyOf } from '../buckets.ts';
import type { Scalar } from '../types.ts';
import type { SequenceOptions } from './options.ts';

/** A request that is a step of a sequence, or undoes what came before. */
export interface Request {
  readonly id: string;
  readonly time: number;
  /** The same time with the microseconds, as a fraction. */
  readonly precise: number;
  /** Which steps it could be. */
  readonly steps: readonly number[];
  readonly undoes: boolean;
  readonly values: (field: string) => readonly Scalar[];
}

/** The requests of one sequence, each with its step, in the order of time. */
export type Found = readonly { readonly request: Request; readonly step: number }[];

/** The way to a request through the steps before it. */
interface Link {
  readonly request: Request;
  readonly step: number;
  /** When the first request of the way was made. */
  readonly start: number;
  readonly before?: Link;
}

/** For each place the way to it that began last: no other can end in time where it cannot. */
type Ways = (Link | undefined)[];

/**
 * Takes requests in the order of time and hands over each sequence when its last request comes: the one that began last
 * of all that end there. A request is one step of a sequence at most. What began too long ago is forgotten, so that
 * memory holds no more than two spans of the log.
 */
export function sequenceFinder(
  { by, steps, without }: Pick<SequenceOptions, 'by' | 'steps' | 'without'>,
  within: number,
  report: (found: Found) => void,
): (request: Request) => void {
  // A step of several requests is as many places in a row.
  const places = steps.flatMap((step, index) =>
    Array.from({ length: step.count }, () => ({ step: index, by: step.by ?? by })),
  );
  const backwards = [...places.entries()].reverse();
  const states = new Map<string, Ways>();
  let nextForgetting = Number.NEGATIVE_INFINITY;

  const forget = (now: number): void => {
    if (now < nextForgetting) return;
    for (const [key, ways] of states) {
      if (!ways.some((way) => way !== undefined && now - way.start <= within)) states.delete(key);
    }
    nextForgetting = now + within;
  };

  const take = (request: Request, place: number, step: number, key: string): void => {
    const ways = states.get(key) ?? [];
    const before = ways[place - 1];
    if (place > 0 && (before === undefined || request.time - before.start > within)) return;
    const link = { request, step, start: before?.start ?? request.time, ...(before && { before }) };
    if (place === places.length - 1) {
      report(wayTo(link));
      return;
    }
    ways[place] = link;
    states.set(key, ways);
  };

  return (request) => {
    forget(request.time);
    if (without !== undefined && request.undoes) {
      for (const key of keysOf(request, by)) states.delete(key);
      return;
    }
    // From the last place to the first, so that a request never follows itself.
    for (const [place, { step, by: fields }] of backwards) {
      if (!request.steps.includes(step)) continue;
      for (const key of keysOf(request, fields)) take(request, place, step, key);
    }
  };
}

function wayTo(last: Link): Found {
  const found: Link[] = [];
  for (let link: Link | undefined = last; link !== undefined; link = link.before) found.unshift(link);
  return found;
}

/** The keys that join a request to others, one for each combination of its values; none where it lacks a value. */
function keysOf(request: Request, fields: readonly string[]): readonly string[] {
  let tuples: readonly (readonly Scalar[])[] = [[]];
  for (const field of fields) {
    tuples = tuples.flatMap((tuple) => request.values(field).map((value) => [...tuple, value]));
  }
  return tuples.map(keyOf);
}
