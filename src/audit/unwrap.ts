import { isObject } from './event.ts';
import { findSpans } from './json-spans.ts';

/** One JSON value that should be an audit event, with the text that it was read from. */
export interface Item {
  readonly text: string;
  readonly value: unknown;
  /** Characters from the start of the wrapping text. */
  readonly offset: number;
}

export type Wrapping = 'Event' | 'EventList' | 'array';
export type Unwrapped =
  | { readonly kind: 'items'; readonly wrapping: Wrapping; readonly items: readonly Item[] }
  | { readonly kind: 'unparseable'; readonly reason: string };

/** Takes a JSON text apart into events: one event, the EventList of a webhook, or an array of events. */
export function unwrap(text: string): Unwrapped {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: 'unparseable', reason: 'not valid JSON' };
  }
  if (Array.isArray(value)) return { kind: 'items', wrapping: 'array', items: itemsAt(text, value, 0) };
  if (isObject(value) && value['kind'] === 'EventList' && Array.isArray(value['items'])) {
    return { kind: 'items', wrapping: 'EventList', items: itemsAt(text, value['items'], 1) };
  }
  return { kind: 'items', wrapping: 'Event', items: [{ text, value, offset: 0 }] };
}

/** The elements of the root (depth 0) or of its `items` (depth 1), each with its own text. */
function itemsAt(text: string, values: readonly unknown[], depth: number): readonly Item[] {
  const spans = findSpans(text, (path) => {
    if (path.length <= depth) return path.length === 0 || path[0] === 'items' ? 'enter' : 'skip';
    return 'mark';
  });
  // A second "items" in the same object overrides the first for JSON.parse: then the text of each says what it is.
  const paired = spans.length === values.length;
  return spans.map(({ start, end }, index) => {
    const itemText = text.slice(start, end);
    return { text: itemText, value: paired ? values[index] : JSON.parse(itemText), offset: start };
  });
}
