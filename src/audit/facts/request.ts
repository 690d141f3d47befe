import type { AuditEvent, ObjectRef } from '../event.ts';
import type { Action, ExecFacts } from './types.ts';

const CONNECTING = new Set(['exec', 'attach', 'portforward', 'proxy']);
const REVIEWS = new Set([
  'tokenreviews',
  'subjectaccessreviews',
  'localsubjectaccessreviews',
  'selfsubjectaccessreviews',
  'selfsubjectrulesreviews',
  'selfsubjectreviews',
]);

/** Resource verbs, then the lower-case HTTP methods that non-resource requests are logged with. */
const ACTION_BY_VERB = new Map<string, Action>([
  ['get', 'read'],
  ['list', 'list'],
  ['watch', 'watch'],
  ['create', 'write'],
  ['update', 'write'],
  ['patch', 'write'],
  ['delete', 'delete'],
  ['deletecollection', 'delete'],
  ['connect', 'connect'],
  ['head', 'read'],
  ['options', 'read'],
  // OPTIONS on a resource is logged with no verb at all: seen in the API server's own output.
  ['', 'read'],
]);

/** What the request does, whatever its verb is called. An unknown verb counts as a write: the careful reading. */
export function actionOf(event: AuditEvent): Action {
  const ref = event.objectRef;
  if (ref?.subresource !== undefined && CONNECTING.has(ref.subresource)) return 'connect';
  if (ref?.resource !== undefined && REVIEWS.has(ref.resource)) return 'review';
  return ACTION_BY_VERB.get(event.verb) ?? 'write';
}

/** `apps/deployments/scale`; the core group has no prefix. */
export function resourceOf(ref: ObjectRef | undefined): string | undefined {
  if (ref?.resource === undefined) return undefined;
  const group = ref.apiGroup === undefined ? '' : `${ref.apiGroup}/`;
  return ref.subresource === undefined ? group + ref.resource : `${group}${ref.resource}/${ref.subresource}`;
}

/** `namespace/name`; a Namespace itself, whose objectRef names it twice, is just its name. */
export function objectOf(ref: ObjectRef | undefined): string | undefined {
  if (ref?.name === undefined) return undefined;
  return ref.namespace === undefined || ref.resource === 'namespaces' ? ref.name : `${ref.namespace}/${ref.name}`;
}

export function pathOf(requestURI: string): string {
  const end = requestURI.indexOf('?');
  return end < 0 ? requestURI : requestURI.slice(0, end);
}

/** `?dryRun=All`, or the same in the body of a delete. */
export function isDryRun(event: AuditEvent): boolean {
  if (event.requestURI.includes('dryRun=All')) return queryOf(event.requestURI).getAll('dryRun').includes('All');
  const body = event.requestObject;
  if (typeof body !== 'object' || body === null || !('dryRun' in body)) return false;
  return Array.isArray(body.dryRun) && body.dryRun.includes('All');
}

/** What a session started. The API server logs it only in the URI: exec has no body. */
export function execFacts(event: AuditEvent): ExecFacts | undefined {
  const subresource = event.objectRef?.subresource;
  if (event.objectRef?.resource !== 'pods' || (subresource !== 'exec' && subresource !== 'attach')) return undefined;
  const query = queryOf(event.requestURI);
  const words = query.getAll('command');
  const container = query.get('container');
  return {
    ...(words.length > 0 && { command: words.map(shellQuote).join(' ') }),
    ...(container !== null && { container }),
    tty: isTrue(query.get('tty')),
    stdin: isTrue(query.get('stdin')),
  };
}

function queryOf(requestURI: string): URLSearchParams {
  const start = requestURI.indexOf('?');
  return new URLSearchParams(start < 0 ? '' : requestURI.slice(start + 1));
}

function isTrue(value: string | null): boolean {
  return value === 'true' || value === '1';
}

function shellQuote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
