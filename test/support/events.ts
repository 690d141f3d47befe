/** Events for tests, in the API server's own key order. */
import { type AuditDocument, type DocumentContext, documentOf, jsonOf } from '../../src/audit/document.ts';
import { type AuditEvent, parseEvent } from '../../src/audit/event.ts';
import { factsOf } from '../../src/audit/facts/index.ts';
import type { EventFacts } from '../../src/audit/facts/types.ts';
import { isObject, type JsonObject } from '../../src/shared/json.ts';

export const CONTEXT: DocumentContext = {
  cluster: 'test',
  namespace: 'default',
  bucket: 'month',
  ingested: '2026-01-01T00:00:00.000Z',
};

const BASE: JsonObject = {
  kind: 'Event',
  apiVersion: 'audit.k8s.io/v1',
  level: 'Metadata',
  auditID: '7c1f3a52-0000-4000-8000-000000000001',
  stage: 'ResponseComplete',
  requestURI: '/api/v1/namespaces/prod/secrets/some-secret',
  verb: 'get',
  user: { username: 'alice@example.com', groups: ['system:authenticated'] },
  sourceIPs: ['198.51.100.7'],
  userAgent: 'kubectl/v1.31.2 (linux/amd64) kubernetes/5864a46',
  objectRef: { resource: 'secrets', namespace: 'prod', name: 'some-secret', apiVersion: 'v1' },
  responseStatus: { metadata: {}, code: 200 },
  requestReceivedTimestamp: '2026-03-02T09:41:07.123456Z',
  stageTimestamp: '2026-03-02T09:41:07.125956Z',
  annotations: { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': '' },
};

/** An event with some members changed; an undefined member is left out. */
export function rawEvent(changes: { readonly [key: string]: unknown } = {}): JsonObject {
  return Object.fromEntries(Object.entries({ ...BASE, ...changes }).filter(([, value]) => value !== undefined));
}

export function eventOf(changes?: { readonly [key: string]: unknown }): AuditEvent {
  const parsed = parseEvent(rawEvent(changes));
  if (parsed.kind === 'rejected') throw new Error(parsed.reason);
  return parsed.event;
}

export function factsFor(changes?: { readonly [key: string]: unknown }): EventFacts {
  return JSON.parse(JSON.stringify(factsOf(eventOf(changes)))) as EventFacts;
}

/** The document of a text, and its JSON parsed. */
export function documentFor(text: string, context = CONTEXT): { document: AuditDocument; source: JsonObject } {
  const origin = { file: 'audit.log', offset: 0, format: 'Event' };
  const result = documentOf({ text, origin }, JSON.parse(text), context);
  if (result.kind === 'rejected') throw new Error(result.reason);
  const source: unknown = JSON.parse(jsonOf(result.document));
  if (!isObject(source)) throw new Error('a document is an object');
  return { document: result.document, source };
}
