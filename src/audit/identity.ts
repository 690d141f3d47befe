import { hash } from 'node:crypto';
import { isObject, type JsonObject } from '../shared/json.ts';
import type { AuditEvent } from './event.ts';
import { word } from './words.ts';

/**
 * The `_id` of an event's document: the second of its stage as eight hex digits, so that ids sort by time and a lookup
 * can rule segments out, then 162 bits of SHA-256 over what makes the event itself.
 * auditID alone is never enough: clients choose it, and aggregated API servers share it. Kind, apiVersion and bodies
 * stay out, so that the log file's and the webhook's copy of an event are one document.
 */
export function documentId(event: AuditEvent, cluster: string | undefined): string {
  const second = Math.floor((event.stageMicros ?? event.receivedMicros ?? 0) / 1e6);
  return timePrefix(second) + digest(identityTuple(event, cluster));
}

/** The last prefix: a log is in the order of time. */
let last = { second: Number.NaN, prefix: '' };

function timePrefix(second: number): string {
  if (second !== last.second) last = { second, prefix: (second >>> 0).toString(16).padStart(8, '0') };
  return last.prefix;
}

function identityTuple(event: AuditEvent, cluster: string | undefined): string {
  const { auditID, stage, verb, requestURI } = event;
  const times = `${event.receivedMicros ?? ''}/${event.stageMicros ?? ''}`;
  const text = word(cluster ?? '') + word(auditID) + word(stage) + word(times) + word(verb) + word(requestURI);
  return event.sourceIPs.reduce((tuple, ip) => tuple + word(ip), text + word(event.user.username ?? ''));
}

/** The log file writes kind and apiVersion first, the webhook's list items lack them: both are the same event. */
const NATIVE_PREFIXES = ['v1', 'v1beta1'].map((version) => `{"kind":"Event","apiVersion":"audit.k8s.io/${version}",`);

/** Hash of an event's text as it is stored: equal for two copies of the same event. `bytes` is the text in UTF-8, if at hand. */
export function contentHash(text: string, bytes?: Buffer): string {
  const { length } = NATIVE_PREFIXES.find((native) => text.startsWith(native)) ?? '{';
  return digest(bytes === undefined ? text.slice(length) : bytes.subarray(length));
}

/** Hash of what an event says: equal for two spellings of it, with other blanks or its keys in another order. */
export function meaningHash(event: JsonObject): string {
  return digest(JSON.stringify(event, (_, value: unknown) => (isObject(value) ? sortedByKey(value) : value)));
}

function sortedByKey(value: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** 162 bits of SHA-256. */
function digest(text: string | Buffer): string {
  return hash('sha256', text, 'base64url').slice(0, 27);
}
