/**
 * What a wrapping is: something that platforms and shippers put around an event. A wrapper recognises one by its content
 * and says what is inside; unwrap.ts looks into that again, a few levels deep. Everything here is pure.
 */
import type { JsonObject } from '../../shared/json.ts';
import type { OriginFacts } from '../facts/types.ts';
import { isoMillis, isPlausible, parseMicros } from '../time.ts';

/** What a wrapping tells beside the event. */
export type Added = Omit<OriginFacts, 'file' | 'offset' | 'format'>;

export interface Wrapping {
  /** Its name in `kaudit.origin.format`. */
  readonly format: string;
  readonly inside: readonly Inside[];
}

export type Inside =
  /** Text that may be an event or wrapped again. */
  | {
      readonly kind: 'text';
      readonly text: string;
      /** Characters from the start of the wrapping's text, where that is known. */
      readonly offset?: number;
      readonly added: Added;
      /** What it is called when there is no event in it: then it belongs to another program, and is skipped. */
      readonly otherwise?: string;
      /** Why its JSON may break off. */
      readonly cut?: string;
      /** Its bytes, where they are no UTF-8. */
      readonly invalidBytes?: Buffer;
    }
  /** JSON that is parsed already. */
  | {
      readonly kind: 'value';
      readonly text: string;
      readonly value: unknown;
      readonly offset: number;
      readonly added: Added;
      readonly otherwise?: string;
    }
  /** A record of another program: what it is, in the singular, such as `klog line`. */
  | { readonly kind: 'skipped'; readonly what: string }
  | { readonly kind: 'unparseable'; readonly reason: string; readonly text: string };

/** What a text turns out to hold. */
export type Piece =
  | {
      readonly kind: 'event';
      readonly text: string;
      /** The text, parsed. Whether it really is an event is for parseEvent to say. */
      readonly value: unknown;
      readonly offset: number;
      readonly format: string;
      readonly added: Added;
      readonly invalidBytes?: Buffer;
    }
  | { readonly kind: 'unparseable'; readonly reason: string; readonly offset: number; readonly text: string }
  | { readonly kind: 'skipped'; readonly what: string };

/** Recognises a JSON object that wraps something; undefined for any other. */
export type Wrapper = (value: JsonObject, text: string) => Wrapping | undefined;

/** Longer than any name that is worth a field, shorter than what Elasticsearch refuses. */
const LONGEST = 1024;

type Names = 'cluster' | 'log_group' | 'log_stream' | 'node' | 'pod';

/** What a wrapping tells, from members of any type: strings of bounded length, one time. */
export function addedOf(members: { readonly [K in Names | 'received']?: unknown }): Added {
  const added: { -readonly [K in Names | 'received']?: string } = {};
  for (const [name, value] of Object.entries(members) as [Names | 'received', unknown][]) {
    const text = name === 'received' ? isoOf(value) : bounded(value);
    if (text !== undefined) added[name] = text;
  }
  return added;
}

export const NOTHING: Added = Object.freeze({});

function bounded(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  // Half of a surrogate pair at the end would be no Unicode.
  return value.length <= LONGEST ? value : value.slice(0, LONGEST).replace(/[\ud800-\udbff]$/, '');
}

/** ISO time of RFC 3339 text, or of a number of milli-, micro- or nanoseconds since 1970, which its length tells. */
function isoOf(value: unknown): string | undefined {
  const digits = String(value);
  const isNumber = (typeof value === 'number' || typeof value === 'string') && /^\d{13,19}$/.test(digits);
  const micros = isNumber ? Number(digits.slice(0, 13)) * 1000 : parseMicros(value);
  return micros === undefined || !isPlausible(micros) ? undefined : isoMillis(micros);
}
