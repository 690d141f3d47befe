/**
 * What an audit event is. Words used everywhere in kaudit:
 * event     one JSON object of audit.k8s.io, written for one stage of one request
 * request   what a client asked of the API server; one to three events share its auditID
 * document  an event as it is indexed: its own bytes, a time, and the facts
 * fact      something derived from an event so that no query has to work it out (`kaudit.*`)
 */
import { isObject, type JsonObject, stringOf, stringsOf } from '../shared/json.ts';
import { parseMicros } from './time.ts';

export const LEVELS = ['Metadata', 'Request', 'RequestResponse'] as const;
export const STAGES = ['RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'] as const;
export type Level = (typeof LEVELS)[number];
export type Stage = (typeof STAGES)[number];

export interface Identity {
  readonly username: string | undefined;
  readonly uid: string | undefined;
  readonly groups: readonly string[];
  readonly extra: JsonObject | undefined;
}

export interface ObjectRef {
  readonly resource: string | undefined;
  readonly subresource: string | undefined;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly apiGroup: string | undefined;
  readonly apiVersion: string | undefined;
}

export interface ResponseStatus {
  readonly code: number | undefined;
  readonly status: string | undefined;
  readonly reason: string | undefined;
  readonly message: string | undefined;
}

/**
 * A checked view of an event. A member of the wrong type reads as absent, so that nothing downstream meets a surprise;
 * the bytes that are indexed stay as they were.
 */
export interface AuditEvent {
  readonly level: Level;
  readonly auditID: string;
  readonly stage: Stage;
  readonly requestURI: string;
  readonly verb: string;
  readonly user: Identity;
  readonly impersonatedUser: Identity | undefined;
  readonly sourceIPs: readonly string[];
  readonly userAgent: string | undefined;
  readonly objectRef: ObjectRef | undefined;
  readonly responseStatus: ResponseStatus | undefined;
  readonly requestObject: unknown;
  readonly responseObject: unknown;
  /** Microseconds since 1970, undefined where the event has no readable time. */
  readonly receivedMicros: number | undefined;
  readonly stageMicros: number | undefined;
  readonly annotations: JsonObject;
}

export type ParsedEvent =
  | { readonly kind: 'event'; readonly event: AuditEvent }
  | { readonly kind: 'rejected'; readonly reason: string };

/**
 * Checks that a parsed JSON value is an audit event. Accepts audit.k8s.io/v1 and v1beta1, and the items of a webhook's
 * EventList, which carry neither kind nor apiVersion.
 */
export function parseEvent(value: unknown): ParsedEvent {
  if (!isObject(value)) return rejected('not a JSON object');
  const kind = value['kind'];
  if (kind !== undefined && kind !== 'Event') return rejected('kind is not Event');
  const apiVersion = value['apiVersion'];
  if (apiVersion !== undefined && !(typeof apiVersion === 'string' && apiVersion.startsWith('audit.k8s.io/'))) {
    return rejected('apiVersion is not audit.k8s.io');
  }
  const { auditID, stage, level } = value;
  if (typeof auditID !== 'string' || auditID === '') return rejected('no auditID: not an audit event');
  if (!isOneOf(STAGES, stage)) return rejected('stage is none of the four');
  if (!isOneOf(LEVELS, level)) return rejected('level is none of Metadata, Request, RequestResponse');
  return { kind: 'event', event: readEvent(value, auditID, stage, level) };
}

function readEvent(value: JsonObject, auditID: string, stage: Stage, level: Level): AuditEvent {
  const received = parseMicros(value['requestReceivedTimestamp']);
  const staged = parseMicros(value['stageTimestamp']);
  // Before Kubernetes 1.9 there was one time a request, in whole seconds.
  const legacy = received === undefined && staged === undefined ? parseMicros(value['timestamp']) : undefined;
  return {
    level,
    auditID,
    stage,
    requestURI: stringOf(value['requestURI']) ?? '',
    verb: stringOf(value['verb']) ?? '',
    user: readIdentity(value['user']),
    impersonatedUser: isObject(value['impersonatedUser']) ? readIdentity(value['impersonatedUser']) : undefined,
    sourceIPs: stringsOf(value['sourceIPs']),
    userAgent: stringOf(value['userAgent']),
    objectRef: readObjectRef(value['objectRef']),
    responseStatus: readStatus(value['responseStatus']),
    requestObject: value['requestObject'],
    responseObject: value['responseObject'],
    receivedMicros: received ?? legacy,
    stageMicros: staged ?? legacy,
    annotations: isObject(value['annotations']) ? value['annotations'] : NOTHING,
  };
}

const NOTHING: JsonObject = Object.freeze({});
const NOBODY: Identity = { username: undefined, uid: undefined, groups: [], extra: undefined };

function readIdentity(value: unknown): Identity {
  if (!isObject(value)) return NOBODY;
  return {
    username: stringOf(value['username']),
    uid: stringOf(value['uid']),
    groups: stringsOf(value['groups']),
    extra: isObject(value['extra']) ? value['extra'] : undefined,
  };
}

function readObjectRef(value: unknown): ObjectRef | undefined {
  if (!isObject(value)) return undefined;
  return {
    resource: stringOf(value['resource']),
    subresource: stringOf(value['subresource']),
    namespace: stringOf(value['namespace']),
    name: stringOf(value['name']),
    apiGroup: stringOf(value['apiGroup']),
    apiVersion: stringOf(value['apiVersion']),
  };
}

function readStatus(value: unknown): ResponseStatus | undefined {
  if (!isObject(value)) return undefined;
  const code = value['code'];
  return {
    code: Number.isInteger(code) ? Number(code) : undefined,
    status: stringOf(value['status']),
    reason: stringOf(value['reason']),
    message: stringOf(value['message']),
  };
}

function rejected(reason: string): ParsedEvent {
  return { kind: 'rejected', reason };
}

function isOneOf<T extends string>(words: readonly T[], value: unknown): value is T {
  return typeof value === 'string' && (words as readonly string[]).includes(value);
}
