import { isObject, type JsonObject } from '../shared/json.ts';
import { type AuditEvent, type Level, parseEvent, type Stage } from './event.ts';
import { factsJson } from './facts/index.ts';
import { type Degraded, FACTS_VERSION, type LoadFacts } from './facts/types.ts';
import { contentHash, documentId } from './identity.ts';
import { type Bucket, periodOf } from './indices.ts';
import { membersJson } from './json-members.ts';
import { redact } from './redact.ts';
import { clockJson, isoMillis, isPlausible } from './time.ts';

/** From the first byte to the one after the last, in the (inflated) source. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** JSON that should be an event, as it was read. */
export interface Candidate {
  readonly text: string;
  /** The bytes of `text`, where they were read as a line of their own and are UTF-8: then they are what is stored. */
  readonly bytes?: Buffer;
  /** Bytes that were no UTF-8 and read as U+FFFD in `text`; undefined where all were. */
  readonly invalidBytes?: Buffer;
  /** Of the line or text that it was read from; undefined where a document was streamed. */
  readonly range?: ByteRange;
  readonly origin: LoadFacts['origin'];
}

/** What is the same for all events of a load. */
export interface DocumentContext {
  readonly cluster: string | undefined;
  readonly namespace: string;
  readonly bucket: Bucket;
  /** ISO time of the load. */
  readonly ingested: string;
}

/** The JSON of a document is `event` followed by `added`. */
export interface DocumentText {
  /** The event up to its closing brace, as it was read, without line breaks; empty where its own structure cannot be used. */
  readonly event: string | Buffer;
  /** Our members, `kaudit` being the last, and the closing brace. */
  readonly added: string;
}

export interface AuditDocument extends DocumentText {
  readonly id: string;
  /** Of the event's own time, such as `2026.03`; `undated` where there is none to believe. */
  readonly period: string;
  readonly micros: number | undefined;
  readonly level: Level;
  readonly stage: Stage;
  readonly hash: string;
  readonly degraded: Degraded | undefined;
  readonly cluster: string | undefined;
}

export type DocumentResult =
  | { readonly kind: 'document'; readonly document: AuditDocument }
  | { readonly kind: 'rejected'; readonly reason: string };

/** Makes the document of an event: its own text, a time, and the facts. `value` is the candidate's text, parsed. Pure. */
export function documentOf(candidate: Candidate, value: unknown, context: DocumentContext): DocumentResult {
  const parsed = parseEvent(value);
  if (parsed.kind === 'rejected') return parsed;
  const degraded = degradedBefore(candidate, value);
  return { kind: 'document', document: documentOfEvent(candidate, parsed.event, context, degraded) };
}

export function jsonOf({ event, added }: DocumentText): string {
  return `${event}${added}`;
}

/**
 * The document to send when the server has refused the first: safe leaves, the facts, and the event as one string.
 * Undefined when the event cannot be read after all.
 */
export function fallbackOf({ event, added }: DocumentText): DocumentText | undefined {
  const text = `${event}}`;
  const parsed = tryParse(text);
  if (parsed?.kind !== 'event') return undefined;
  const ours = oursOf({ event, added });
  const kaudit = { ...ours.kaudit, degraded: 'refused-by-server' satisfies Degraded, raw: text };
  return { event: '', added: safeJson({ ...envelope(parsed.event), ...ours, kaudit }) };
}

function tryParse(text: string): ReturnType<typeof parseEvent> | undefined {
  try {
    return parseEvent(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Our members of a document. */
export function oursOf({ added }: DocumentText): {
  readonly kaudit: Pick<LoadFacts, 'hash' | 'ingested' | 'origin' | 'raw'>;
} {
  return JSON.parse(added.startsWith(',') ? `{${added.slice(1)}` : added) as ReturnType<typeof oursOf>;
}

/** What is added to the document of an event whose `_id` is taken by an event with other content. */
export function variantOf({ event, added }: DocumentText, id: string): DocumentText {
  return { event, added: `${added.slice(0, -'}}'.length)},"variant_of":${JSON.stringify(id)}}}` };
}

/** A variant has an id of its own, made from its content: the same one again is a duplicate. */
export function variantId(id: string, hash: string): string {
  return `${id}~${hash}`;
}

function documentOfEvent(
  candidate: Candidate,
  event: AuditEvent,
  context: DocumentContext,
  degraded: Degraded | undefined,
): AuditDocument {
  const redaction = redact(candidate.text, event);
  const untouched = redaction.paths.length === 0;
  const micros = plausible(event.stageMicros) ?? plausible(event.receivedMicros);
  const timestamp = micros === undefined ? undefined : isoMillis(micros);
  const bytes = untouched ? candidate.bytes : undefined;
  const hash = contentHash(redaction.text, bytes);
  const { cluster } = candidate.origin;
  const loaded = membersJson({
    // The identity takes only the name that was given: the wrapped and the native copy of an event are one document.
    cluster: context.cluster === undefined ? cluster : undefined,
    redacted: untouched ? undefined : redaction.paths,
    undated: timestamp === undefined || undefined,
    degraded,
    raw: degraded && rawOf(candidate, redaction.text),
    hash,
  });
  const origin = membersJson(candidate.origin).slice(1);
  const time = micros === undefined ? '' : `,"time":${clockJson(micros)}`;
  const ours = `${commonJson(context)},${factsJson(event)}${time}${loaded},"origin":{${origin}}}}`;
  const added = timestamp === undefined ? ours : `"@timestamp":"${timestamp}",${ours}`;
  return {
    id: documentId(event, context.cluster),
    period: periodOf(timestamp, context.bucket),
    micros,
    level: event.level,
    stage: event.stage,
    hash,
    degraded,
    cluster: context.cluster ?? cluster,
    ...(degraded === undefined
      ? { event: withoutBrace(bytes ?? redaction.text), added: `,${added}` }
      : { event: '', added: safeJson({ ...envelope(event), ...(JSON.parse(`{${added}`) as JsonObject) }) }),
  };
}

function plausible(micros: number | undefined): number | undefined {
  return micros !== undefined && isPlausible(micros) ? micros : undefined;
}

/** What all documents of a load have in common, up to the facts. */
function commonJson(context: DocumentContext): string {
  const known = commonTexts.get(context);
  if (known !== undefined) return known;
  const { cluster, namespace, ingested } = context;
  const dataStream = { type: 'logs', dataset: 'kubernetes.audit_logs', namespace };
  const kaudit = JSON.stringify({ cluster, ingested, version: FACTS_VERSION });
  const text = `"data_stream":${JSON.stringify(dataStream)},"kaudit":${kaudit.slice(0, -1)}`;
  commonTexts.set(context, text);
  return text;
}

const commonTexts = new WeakMap<DocumentContext, string>();
const BRACE = 125;

/** What was logged stays as it was, and our members go before its closing brace. */
function withoutBrace(content: string | Buffer): string | Buffer {
  if (typeof content !== 'string') {
    const end = content.length - 1;
    return content.subarray(0, content[end] === BRACE ? end : content.lastIndexOf(BRACE));
  }
  return oneLine(content.slice(0, content.lastIndexOf('}')));
}
/** A bulk body is split at newlines. JSON strings hold none, so those of a pretty-printed event are only layout. */
function oneLine(text: string): string {
  return text.includes('\n') || text.includes('\r') ? text.replaceAll(/[\r\n]+/g, ' ') : text;
}

/** Why this event cannot be indexed with its own structure, as far as that shows before the server says so. */
function degradedBefore(candidate: Candidate, value: unknown): Degraded | undefined {
  if (candidate.invalidBytes !== undefined) return 'invalid-utf8';
  return isObject(value) && Object.keys(value).some(isReserved) ? 'reserved-key' : undefined;
}

/** Of `@timestamp`, `data_stream` and `kaudit`. */
const RESERVED_INITIALS = new Set([64, 100, 107]);

/** Root keys that would write to what is ours, in the dotted spelling too, which Elasticsearch reads as a path. */
function isReserved(key: string): boolean {
  return RESERVED_INITIALS.has(key.charCodeAt(0)) && /^(@timestamp|data_stream|kaudit)(\.|$)/.test(key);
}

const BASE64 = 'base64:';

/** The event as read, as one string. Bytes that are no UTF-8 are kept as base64, unless redaction had to rewrite them. */
function rawOf(candidate: Candidate, redacted: string): string {
  const { invalidBytes } = candidate;
  return invalidBytes !== undefined && redacted === candidate.text
    ? BASE64 + invalidBytes.toString('base64')
    : redacted;
}

/** The bytes that `kaudit.raw` keeps of an event that is no UTF-8; undefined where it is text. */
export function bytesOfRaw(raw: string): Buffer | undefined {
  return raw.startsWith(BASE64) ? Buffer.from(raw.slice(BASE64.length), 'base64') : undefined;
}

/** The leaves of an event that no server refuses: read with their right types, times only where they parse. */
function envelope(event: AuditEvent): JsonObject {
  const { level, auditID, stage, requestURI, verb, userAgent, objectRef, responseStatus } = event;
  return {
    level,
    auditID,
    stage,
    requestURI,
    verb,
    user: identityLeaves(event.user),
    impersonatedUser: event.impersonatedUser && identityLeaves(event.impersonatedUser),
    sourceIPs: event.sourceIPs,
    userAgent,
    objectRef,
    responseStatus,
    requestReceivedTimestamp: event.receivedMicros === undefined ? undefined : isoMicros(event.receivedMicros),
    stageTimestamp: event.stageMicros === undefined ? undefined : isoMicros(event.stageMicros),
  };
}

function identityLeaves(user: AuditEvent['user']): JsonObject {
  return { username: user.username, uid: user.uid, groups: user.groups };
}

function isoMicros(micros: number): string {
  const fraction = micros - Math.floor(micros / 1e6) * 1e6;
  return isoMillis(micros).replace(/\d{3}Z$/, `${String(fraction).padStart(6, '0')}Z`);
}

/** JSON without lone surrogates, which the server's parser refuses. */
function safeJson(value: JsonObject): string {
  return JSON.stringify(value, (_key, member: unknown) => (typeof member === 'string' ? wellFormed(member) : member));
}

function wellFormed(text: string): string {
  return text.replaceAll(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd');
}
