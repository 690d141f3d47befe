/** What Kubernetes itself puts around events, and arrays. */

import { elementsAt } from './parts.ts';
import type { Wrapper, Wrapping } from './wrapping.ts';
import { NOTHING } from './wrapping.ts';

/** The body of a webhook. Its items lack kind and apiVersion. */
export const eventList: Wrapper = (value, text) =>
  value['kind'] === 'EventList' && Array.isArray(value['items'])
    ? listOf('EventList', text, value['items'], ['items'])
    : undefined;

export function arrayOf(text: string, values: readonly unknown[]): Wrapping {
  return listOf('array', text, values, []);
}

function listOf(format: string, text: string, values: readonly unknown[], path: readonly string[]): Wrapping {
  const inside = elementsAt(text, values, path).map((part) => ({ kind: 'value' as const, ...part, added: NOTHING }));
  return { format, inside };
}
