import { hash } from 'node:crypto';
import type { AuditEvent } from './event.ts';

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
  return lengthPrefixed([
    cluster ?? '',
    event.auditID,
    event.stage,
    String(event.receivedMicros ?? ''),
    String(event.stageMicros ?? ''),
    event.verb,
    event.requestURI,
    event.user.username ?? '',
    ...event.sourceIPs,
  ]);
}

/** No two lists give the same text, whatever the words hold. */
function lengthPrefixed(words: readonly string[]): string {
  let text = '';
  for (const word of words) text += `${word.length}:${word}`;
  return text;
}

/** The log file writes kind and apiVersion first, the webhook's list items lack them: both are the same event. */
const NATIVE_PREFIX = /^\{"kind":"Event","apiVersion":"audit\.k8s\.io\/v1(?:beta1)?",/;

/** Hash of an event's text as it is stored: equal for two copies of the same event. */
export function contentHash(text: string): string {
  return digest(text.replace(NATIVE_PREFIX, '{'));
}

/** 162 bits of SHA-256. */
function digest(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, 27);
}
