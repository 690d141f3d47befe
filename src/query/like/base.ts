import type { JsonObject } from '../../shared/json.ts';

const ALLOW = { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': '' };
export const FORBID = { 'authorization.k8s.io/decision': 'forbid', 'authorization.k8s.io/reason': '' };

/** What every template has unless it says otherwise; times and auditID are given by the scenario. */
export const BASE: JsonObject = {
  kind: 'Event',
  apiVersion: 'audit.k8s.io/v1',
  level: 'Metadata',
  stage: 'ResponseComplete',
  requestURI: '/api/v1/namespaces/prod/pods',
  verb: 'get',
  user: { username: 'alice@example.com', groups: ['dev', 'system:authenticated'] },
  sourceIPs: ['198.51.100.7'],
  userAgent: 'kubectl/v1.31.2 (linux/amd64) kubernetes/5864a46',
  responseStatus: { metadata: {}, code: 200 },
  annotations: ALLOW,
};

/** What a request is about. */
export interface Target {
  readonly resource: string;
  /** API group; without one, the core. */
  readonly group?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
  /** The query of its address. */
  readonly query?: string;
}

/** A request as the API server logs it: its address, its object and its code follow from what it is about. */
export function request(verb: string, target: Target, changes: JsonObject = {}): JsonObject {
  const { query: _, group, ...named } = target;
  return {
    ...BASE,
    verb,
    requestURI: addressOf(verb, target),
    objectRef: { ...named, ...(group !== undefined && { apiGroup: group }), apiVersion: 'v1' },
    responseStatus: { metadata: {}, code: verb === 'create' ? 201 : 200 },
    ...changes,
  };
}

/** A new object is sent to its collection, which does not have its name yet. */
function addressOf(verb: string, { resource, group, namespace, name, subresource, query }: Target): string {
  const root = group === undefined ? '/api/v1' : `/apis/${group}/v1`;
  const isNew = verb === 'create' && subresource === undefined;
  const parts = [
    ...(namespace === undefined ? [] : ['namespaces', namespace]),
    resource,
    ...(name === undefined || isNew ? [] : [name]),
    ...(subresource === undefined ? [] : [subresource]),
  ];
  return `${root}/${parts.join('/')}${query === undefined ? '' : `?${query}`}`;
}

/** A request that sends an object, logged with it. */
export function write(verb: string, target: Target, body: JsonObject): JsonObject {
  return request(verb, target, { level: 'Request', requestObject: body });
}

/** The creation of an object, whole as it is sent. */
export function creation(kind: string, target: Target, content: JsonObject): JsonObject {
  const { group, namespace, name } = target;
  return write('create', target, {
    kind,
    apiVersion: group === undefined ? 'v1' : `${group}/v1`,
    metadata: { ...(name !== undefined && { name }), ...(namespace !== undefined && { namespace }) },
    ...content,
  });
}

/** A session is logged when it begins; one that has ended has a second event, at ResponseComplete. */
export const STARTED: JsonObject = { stage: 'ResponseStarted', responseStatus: { metadata: {}, code: 101 } };
