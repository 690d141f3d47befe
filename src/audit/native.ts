/**
 * Reads an event in the very form in which an API server writes it, much faster than JSON.parse: one line, the keys in
 * Go's order (kubernetes: apiserver/pkg/apis/audit/v1/types.go). What repeats from line to line (who asked, what the answer
 * was, which role allowed it) is parsed once and remembered by its text; bodies are parsed when somebody asks for them.
 * Each section must parse by itself and hold its own keys only: what is in any other form is left to JSON.parse.
 */
import {
  type AuditEvent,
  isObject,
  isOneOf,
  type JsonObject,
  LEVELS,
  readAnnotations,
  readClient,
  readObjectRef,
  readStatus,
  STAGES,
} from './event.ts';
import { endOfValue } from './json-spans.ts';
import { memoiseText } from './memo.ts';
import { parseMicros } from './time.ts';

const PREFIXES = ['v1', 'v1beta1'].map((version) => `{"kind":"Event","apiVersion":"audit.k8s.io/${version}","level":"`);
const AUDIT_ID = '","auditID":"';
const STAGE = '","stage":"';
const URI = '","requestURI":"';
const VERB = '","verb":"';
const USER = '","user":{';
const OBJECT = ',"objectRef":{';
const STATUS = ',"responseStatus":{';
const REQUEST = ',"requestObject":';
const RESPONSE = ',"responseObject":';
const RECEIVED = ',"requestReceivedTimestamp":"';
const STAGED = '","stageTimestamp":"';
const ANNOTATIONS = '","annotations":{';
const OBJECT_KEYS = ['objectRef'];

/** The event, or undefined where the text is not in the API server's own form. Bodies are not checked until they are read. */
export function readNative(text: string): AuditEvent | undefined {
  const head = readHead(text);
  if (head === undefined) return undefined;
  const places = findSections(text, head.end, head.level !== 'Metadata');
  const tail = places && readTail(text, places.responseObject);
  if (places === undefined || tail === undefined) return undefined;
  const client = clientOf(text.slice(head.end, places.client));
  const object = membersOf(text.slice(places.client + 1, places.objectRef), OBJECT_KEYS);
  const status = statusOf(text.slice(places.objectRef + 1, places.responseStatus));
  if (client === undefined || object === undefined || status === undefined) return undefined;
  const { level, auditID, stage, requestURI, verb } = head;
  const { user, impersonatedUser, sourceIPs, userAgent } = client.value;
  const { annotations } = tail;
  return {
    level,
    auditID,
    stage,
    requestURI,
    verb,
    user,
    impersonatedUser,
    sourceIPs,
    userAgent,
    objectRef: readObjectRef(object['objectRef']),
    responseStatus: status.value,
    requestObject: bodyOf(text, REQUEST, places.responseStatus, places.requestObject),
    responseObject: bodyOf(text, RESPONSE, places.requestObject, places.responseObject),
    receivedMicros: tail.received,
    stageMicros: tail.staged,
    annotations: annotations.value,
    sections: `${client.number},${status.number},${annotations.number}`,
  };
}

function bodyOf(text: string, key: string, start: number, end: number): unknown {
  return start === end ? undefined : parse(text.slice(start + key.length, end));
}

interface Head extends Pick<AuditEvent, 'level' | 'auditID' | 'stage' | 'requestURI' | 'verb'> {
  /** Where `"user"` begins. */
  readonly end: number;
}

function readHead(text: string): Head | undefined {
  const prefix = PREFIXES.find((native) => text.startsWith(native));
  if (prefix === undefined) return undefined;
  const levelEnd = text.indexOf('"', prefix.length);
  const auditID = levelEnd + AUDIT_ID.length;
  const auditEnd = text.indexOf('"', auditID);
  const stageEnd = text.indexOf('"', auditEnd + STAGE.length);
  const uri = stageEnd + URI.length;
  const uriEnd = text.indexOf('"', uri);
  const verb = uriEnd + VERB.length;
  const verbEnd = text.indexOf('"', verb);
  const isNative =
    text.startsWith(AUDIT_ID, levelEnd) &&
    text.startsWith(STAGE, auditEnd) &&
    text.startsWith(URI, stageEnd) &&
    text.startsWith(VERB, uriEnd) &&
    text.startsWith(USER, verbEnd);
  if (!isNative) return undefined;
  const level = text.slice(prefix.length, levelEnd);
  const stage = text.slice(auditEnd + STAGE.length, stageEnd);
  const id = text.slice(auditID, auditEnd);
  const requestURI = unescaped(text.slice(uri, uriEnd));
  const verbText = text.slice(verb, verbEnd);
  if (!isOneOf(LEVELS, level) || !isOneOf(STAGES, stage) || requestURI === undefined) return undefined;
  if (id === '' || !PLAIN.test(id) || !PLAIN.test(verbText)) return undefined;
  return { level, stage, auditID: id, requestURI, verb: verbText, end: verbEnd + 2 };
}

/** Printable ASCII without quotes and backslashes: text that needs no reading. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** A JSON string from between its quotes. Go escapes `&`, which URIs are full of. */
function unescaped(raw: string): string | undefined {
  return PLAIN.test(raw) ? raw : (parse(`"${raw}"`) as string | undefined);
}

/** Where the sections after the head end; one that is missing ends where it begins. */
interface Places {
  readonly client: number;
  readonly objectRef: number;
  readonly responseStatus: number;
  readonly requestObject: number;
  readonly responseObject: number;
}

function findSections(text: string, from: number, mayHaveBodies: boolean): Places | undefined {
  const times = text.indexOf(RECEIVED, from);
  const bodies = mayHaveBodies ? firstOf(text, from, times, REQUEST, RESPONSE) : times;
  const requestObject = text.startsWith(REQUEST, bodies) ? endOfValue(text, bodies + REQUEST.length) : bodies;
  const responseObject = text.startsWith(RESPONSE, requestObject)
    ? endOfValue(text, requestObject + RESPONSE.length)
    : requestObject;
  if (times === -1 || !text.startsWith(RECEIVED, responseObject)) return undefined;
  const objectRef = firstOf(text, from, bodies, STATUS);
  const client = firstOf(text, from, objectRef, OBJECT);
  return { client, objectRef, responseStatus: bodies, requestObject, responseObject };
}

/** Where the first of some words begins, or `end` where none stands before it. */
function firstOf(text: string, from: number, end: number, ...words: readonly string[]): number {
  let first = end;
  for (const word of words) {
    const at = text.indexOf(word, from);
    if (at !== -1 && at < first) first = at;
  }
  return first;
}

interface Tail {
  readonly received: number;
  readonly staged: number;
  readonly annotations: Section<JsonObject>;
}

function readTail(text: string, from: number): Tail | undefined {
  const received = from + RECEIVED.length;
  const receivedEnd = text.indexOf('"', received);
  const staged = receivedEnd + STAGED.length;
  const stagedEnd = text.indexOf('"', staged);
  if (!text.startsWith(STAGED, receivedEnd) || stagedEnd === -1) return undefined;
  const annotations = text.startsWith(ANNOTATIONS, stagedEnd)
    ? annotationsOf(text.slice(stagedEnd + 2, -1))
    : annotationsOf(text.slice(stagedEnd + 1, -1));
  const receivedMicros = parseMicros(text.slice(received, receivedEnd));
  const stagedMicros = parseMicros(text.slice(staged, stagedEnd));
  if (annotations === undefined || receivedMicros === undefined || stagedMicros === undefined) return undefined;
  return { received: receivedMicros, staged: stagedMicros, annotations };
}

/** Members that were read, and a number for their text: those with the same number were written alike. */
interface Section<T> {
  readonly number: number;
  readonly value: T;
}

const clientOf = remembered(
  ['user', 'impersonatedUser', 'authenticationMetadata', 'sourceIPs', 'userAgent'],
  readClient,
);
const statusOf = remembered(['responseStatus'], (value) => readStatus(value['responseStatus']));
const annotationsOf = remembered(['annotations'], (value) => readAnnotations(value['annotations']));
let sections = 0;

/** Reads members that stand side by side, and remembers them. */
function remembered<T>(
  keys: readonly string[],
  read: (value: JsonObject) => T,
): (members: string) => Section<T> | undefined {
  return memoiseText((members) => {
    const value = membersOf(members, keys);
    if (value === undefined) return undefined;
    sections += 1;
    return { number: sections, value: read(value) };
  });
}

/** An object of its members' text; undefined when that does not parse by itself, or other members are among them. */
function membersOf(members: string, keys: readonly string[]): JsonObject | undefined {
  const value = parse(`{${members}}`);
  if (!isObject(value)) return undefined;
  for (const key in value) if (!keys.includes(key)) return undefined;
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
