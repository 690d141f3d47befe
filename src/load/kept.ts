import { hash } from 'node:crypto';
import { parseEvent } from '../audit/event.ts';
import { redact } from '../audit/redact.ts';

/** What may be kept of a record's text. */
export interface Kept {
  readonly original: string;
  /** Nothing was cut off: the original can be loaded again. */
  readonly whole: boolean;
  /**
   * Tells whether a text that is read later is this record's. Of an event it is the hash of the redacted text: who has
   * all of an event but a short secret could guess that from a hash of everything.
   */
  readonly sha256: string;
}

const KEPT_CHARACTERS = 16 * 1024;
/** Backslashes: a wrapper may carry an event as a string, and that string in another. */
const MAY_HOLD_SECRETS =
  /"(?:requestObject|responseObject|request|response|data|stringData|value|[\w-]*token)\\*"|last-applied-configuration|managedFields|Bearer |PRIVATE KEY|token=|eyJ[\w-]{8,}\./i;
/** How an event or its list begins. Anything else may be a piece of one, and begin in the middle of a secret. */
const BEGINS_AN_EVENT = /^\{\s*"(?:kind|apiVersion|level|auditID|metadata|items)"/;

/** An event is redacted as its document would be. Other text cannot be, so it ends where a body or a secret might start. */
export function keep(text: string): Kept {
  const value = parseJson(text);
  const parsed = parseEvent(value);
  if (parsed.kind === 'event') {
    const original = redact(text, parsed.event).text;
    return { original, whole: true, sha256: digest(original) };
  }
  const wrapsAnEvent = value !== undefined && text.includes('auditID');
  const original = wrapsAnEvent || BEGINS_AN_EVENT.test(text) ? beforeSecrets(text) : '';
  return { original, whole: text !== '' && original.length === text.length, sha256: digest(text) };
}

function beforeSecrets(text: string): string {
  const end = text.search(MAY_HOLD_SECRETS);
  return text.slice(0, end === -1 ? KEPT_CHARACTERS : Math.min(end, KEPT_CHARACTERS));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function digest(text: string): string {
  return hash('sha256', text);
}
