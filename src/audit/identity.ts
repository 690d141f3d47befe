import { hash } from 'node:crypto';
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
  const prefix = (second >>> 0).toString(16).padStart(8, '0');
  return prefix + digest(identityTuple(event, cluster));
}

function identityTuple(event: AuditEvent, cluster: string | undefined): string {
  const { auditID, stage, verb, requestURI } = event;
  const times = `${event.receivedMicros ?? ''}/${event.stageMicros ?? ''}`;
  const text = word(cluster ?? '') + word(auditID) + word(stage) + word(times) + word(verb) + word(requestURI);
  return event.sourceIPs.reduce((tuple, ip) => tuple + word(ip), text + word(event.user.username ?? ''));
}

/** The log file writes kind and apiVersion first, the webhook's list items lack them: both are the same event. */
const NATIVE_PREFIXES = ['v1', 'v1beta1'].map((version) => `{"kind":"Event","apiVersion":"audit.k8s.io/${version}",`);
const LONGEST_PREFIX = 64;

/** Hash of an event's text as it is stored, as a string or in UTF-8: equal for two copies of the same event. */
export function contentHash(text: string | Buffer): string {
  const head = typeof text === 'string' ? text : text.toString('latin1', 0, LONGEST_PREFIX);
  const prefix = NATIVE_PREFIXES.find((native) => head.startsWith(native)) ?? '{';
  return digest(typeof text === 'string' ? text.slice(prefix.length) : text.subarray(prefix.length));
}

/** 162 bits of SHA-256. */
function digest(text: string | Buffer): string {
  return hash('sha256', text, 'base64url').slice(0, 27);
}
