import { type AuditEvent, isObject, type JsonObject, type Level, parseEvent, type Stage } from './event.ts';
import { factsOf } from './facts/index.ts';
import { type Degraded, type EventFacts, FACTS_VERSION, type LoadFacts } from './facts/types.ts';
import { contentHash, documentId } from './identity.ts';
import { redact } from './redact.ts';
import { isoMillis, isPlausible } from './time.ts';

/** From the first byte to the one after the last, in the (inflated) source. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** JSON that should be an event, as it was read. */
export interface Candidate {
  readonly text: string;
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
  /** ISO time of the load. */
  readonly ingested: string;
}

export interface AuditDocument {
  readonly id: string;
  /** `2026.03` of the event's own time, `undated` where there is none to believe. */
  readonly month: string;
  readonly micros: number | undefined;
  readonly level: Level;
  readonly stage: Stage;
  readonly hash: string;
  readonly json: string;
  readonly degraded: Degraded | undefined;
}

export type DocumentResult =
  | { readonly kind: 'document'; readonly document: AuditDocument }
  | { readonly kind: 'rejected'; readonly reason: string };

/** Makes the document of an event: its own text, a time, and the facts. `value` is the candidate's text, parsed. Pure. */
export function documentOf(candidate: Candidate, value: unknown, context: DocumentContext): DocumentResult {
  const parsed = parseEvent(value);
  if (parsed.kind === 'rejected') return parsed;
  const degraded = degradedBefore(candidate, value);
  return { kind: 'document', document: build(candidate, parsed.event, context, degraded) };
}

/** The document to send when the server has refused the first: safe leaves, the facts, and the event as one string. */
export function fallbackOf(candidate: Candidate, context: DocumentContext): AuditDocument {
  const parsed = parseEvent(JSON.parse(candidate.text));
  if (parsed.kind === 'rejected') throw new TypeError(`No fallback for what is no event: ${parsed.reason}`);
  return build(candidate, parsed.event, context, 'refused-by-server');
}

/** The document of an event whose `_id` is taken by an event with other content; `kaudit` is the last member of both. */
export function variantOf(document: AuditDocument): AuditDocument {
  const json = `${document.json.slice(0, -'}}'.length)},"variant_of":${JSON.stringify(document.id)}}}`;
  return { ...document, id: `${document.id}~${document.hash}`, json };
}

function build(
  candidate: Candidate,
  event: AuditEvent,
  context: DocumentContext,
  degraded: Degraded | undefined,
): AuditDocument {
  const redaction = redact(candidate.text, event);
  const micros = [event.stageMicros, event.receivedMicros].find((time) => time !== undefined && isPlausible(time));
  const timestamp = micros === undefined ? undefined : isoMillis(micros);
  const hash = contentHash(redaction.text);
  const loaded: Loaded = {
    cluster: context.cluster,
    redacted: redaction.paths.length > 0 ? redaction.paths : undefined,
    undated: timestamp === undefined || undefined,
    degraded,
    raw: degraded && rawOf(candidate, redaction.text),
    hash,
    ingested: context.ingested,
    version: FACTS_VERSION,
    origin: candidate.origin,
  };
  const added = { timestamp, dataStream: dataStream(context), facts: factsOf(event), loaded };
  return {
    id: documentId(event, context.cluster),
    month: timestamp === undefined ? 'undated' : timestamp.slice(0, 7).replace('-', '.'),
    micros,
    level: event.level,
    stage: event.stage,
    hash,
    json: degraded === undefined ? splice(redaction.text, added) : rebuild(event, added),
    degraded,
  };
}

type Loaded = { readonly [K in keyof LoadFacts]: LoadFacts[K] | undefined };

/** What a document has beside the event. */
interface Added {
  readonly timestamp: string | undefined;
  readonly dataStream: JsonObject;
  readonly facts: EventFacts;
  readonly loaded: Loaded;
}

function dataStream(context: DocumentContext): JsonObject {
  return { type: 'logs', dataset: 'kubernetes.audit_logs', namespace: context.namespace };
}

/**
 * The event's text with our members put before its closing brace: what was logged stays as it was. Joined as text, since
 * copying the facts from object to object costs several times what writing them does (bench/event.bench.ts).
 */
function splice(text: string, { timestamp, dataStream, facts, loaded }: Added): string {
  const event = oneLine(text.slice(0, text.lastIndexOf('}')));
  const time = timestamp === undefined ? '' : `"@timestamp":"${timestamp}",`;
  const kaudit = `${JSON.stringify(facts).slice(0, -1)},${JSON.stringify(loaded).slice(1)}`;
  return `${event},${time}"data_stream":${JSON.stringify(dataStream)},"kaudit":${kaudit}}`;
}

/** The document of an event whose own structure cannot be used. */
function rebuild(event: AuditEvent, { timestamp, dataStream, facts, loaded }: Added): string {
  const kaudit = { ...facts, ...loaded };
  return safeJson({ ...envelope(event), '@timestamp': timestamp, data_stream: dataStream, kaudit });
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

/** Root keys that would write to what is ours, in the dotted spelling too, which Elasticsearch reads as a path. */
function isReserved(key: string): boolean {
  return /^(@timestamp|data_stream|kaudit)(\.|$)/.test(key);
}

/** The event as read, as one string. Bytes that are no UTF-8 are kept as base64, unless redaction had to rewrite them. */
function rawOf(candidate: Candidate, redacted: string): string {
  const { invalidBytes } = candidate;
  return invalidBytes !== undefined && redacted === candidate.text
    ? `base64:${invalidBytes.toString('base64')}`
    : redacted;
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
