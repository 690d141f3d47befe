/**
 * The events of rule tests hold what their rule reads and little else. What every API server writes is filled in here, and
 * what was filled is told: the loader itself takes no partial events.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Json } from './cases.ts';

export interface Repaired {
  readonly event: Json;
  /** Members that the case did not have, or had in a form that no API server writes. */
  readonly filled: readonly string[];
}

/** A time for events without one. */
const TIME = '2026-01-05T12:00:00.000000Z';
/** User of an event that names none: a person. */
const USER = 'somebody@example.com';

/** API groups of resources; an API server never leaves them out. */
const API_GROUPS: Readonly<Record<string, string>> = {
  certificatesigningrequests: 'certificates.k8s.io',
  clusterroles: 'rbac.authorization.k8s.io',
  cronjobs: 'batch',
  daemonsets: 'apps',
  deployments: 'apps',
  endpointslices: 'discovery.k8s.io',
  leases: 'coordination.k8s.io',
  mutatingwebhookconfigurations: 'admissionregistration.k8s.io',
  roles: 'rbac.authorization.k8s.io',
  validatingwebhookconfigurations: 'admissionregistration.k8s.io',
};

/** Fills an event of whichever form; what is not an event is left as it is. */
export function repair(given: Json): Repaired {
  const { properties } = given;
  if (isJson(given['protoPayload'])) {
    const event = repairEntry(given, given['protoPayload']);
    return { event, filled: differences(given, event) };
  }
  if (isJson(properties) && typeof properties['log'] === 'string') {
    const inside = JSON.parse(properties['log']) as Json;
    const event = repairNative(inside);
    return {
      event: { ...given, properties: { ...properties, log: JSON.stringify(event) } },
      filled: differences(inside, event),
    };
  }
  const isEvent = given['kind'] === 'Event' || (given['kind'] === undefined && isJson(given['objectRef']));
  if (!isEvent) return { event: given, filled: [] };
  const event = repairNative(given);
  return { event, filled: differences(given, event) };
}

function differences(before: Json, after: Json): readonly string[] {
  return Object.keys(after).filter((key) => !isDeepStrictEqual(after[key], before[key]));
}

/** An event as the API server writes it. */
function repairNative(given: Json): Json {
  const event = lifted(given);
  const hasBody = event['requestObject'] !== undefined;
  const reference = referenceOf(event);
  const isSession = reference?.['subresource'] === 'exec' || reference?.['subresource'] === 'attach';
  return {
    level: event['responseObject'] === undefined ? (hasBody ? 'Request' : 'Metadata') : 'RequestResponse',
    auditID: 'case',
    stage: 'ResponseComplete',
    verb: hasBody ? 'update' : 'get',
    user: { username: USER },
    responseStatus: { code: isSession ? 101 : 200 },
    ...event,
    ...(reference !== undefined && { objectRef: reference }),
    requestReceivedTimestamp: timeOf(event['requestReceivedTimestamp']),
    stageTimestamp: timeOf(event['stageTimestamp']),
  };
}

/** Stratus prints the verb and the code as Datadog names them, and what is around an event as `attributes`. */
function lifted(event: Json): Json {
  const { attributes } = event;
  const whole = isJson(attributes) ? { ...event, ...attributes } : event;
  const { http } = whole;
  if (!isJson(http)) return whole;
  const { method, status_code: code } = http;
  return {
    ...whole,
    ...(method !== undefined && { verb: method }),
    ...(code !== undefined && { responseStatus: { code } }),
  };
}

function referenceOf({ objectRef, requestURI }: Json): Json | undefined {
  if (!isJson(objectRef)) return undefined;
  const apiGroup = API_GROUPS[String(objectRef['resource'])];
  const namespace = /\/namespaces\/([^/]+)\/./.exec(String(requestURI))?.[1];
  return { ...(apiGroup !== undefined && { apiGroup }), ...(namespace !== undefined && { namespace }), ...objectRef };
}

/** A Cloud Audit log entry of GKE. Panther renames the member callerIp, and prints times without a zone. */
function repairEntry(entry: Json, payload: Json): Json {
  const { methodName, requestMetadata, authorizationInfo = entry['authorizationInfo'] } = payload;
  const [permission]: readonly unknown[] = Array.isArray(authorizationInfo) ? authorizationInfo : [];
  const isOfKubernetes = String(methodName).startsWith('io.k8s.');
  return {
    insertId: 'case',
    ...entry,
    timestamp: timeOf(entry['timestamp']),
    protoPayload: {
      ...(isOfKubernetes && { serviceName: 'k8s.io' }),
      ...(isJson(permission) && { resourceName: permission['resource'] }),
      authenticationInfo: { principalEmail: USER },
      ...payload,
      ...(isJson(requestMetadata) && {
        requestMetadata: { callerIp: requestMetadata['callerIP'], ...requestMetadata },
      }),
    },
  };
}

/** RFC 3339 from `2022-11-29 00:09:04.38`, which is UTC. */
function timeOf(text: unknown): string {
  if (typeof text !== 'string') return TIME;
  return text.includes(' ') ? `${text.replace(' ', 'T')}Z` : text;
}

/** As many of it as a threshold needs, each a request of its own. */
export function repeated({ event }: Repaired, times: number): readonly Json[] {
  return Array.from({ length: times }, (_, at) => withId(event, `case-${at}`));
}

function withId(event: Json, id: string): Json {
  if (isJson(event['protoPayload'])) return { ...event, insertId: id };
  const properties = event['properties'];
  if (isJson(properties) && typeof properties['log'] === 'string') {
    const inner = JSON.parse(properties['log']) as Json;
    return { ...event, properties: { ...properties, log: JSON.stringify({ ...inner, auditID: id }) } };
  }
  return event['auditID'] === undefined ? event : { ...event, auditID: id };
}

/** Somebody's request of two days before, for what is asked of history. */
export function earlier(event: Json, username: string): Json {
  const before = String(event['stageTimestamp'] ?? TIME);
  const time = new Date(Date.parse(before) - 2 * 24 * 60 * 60 * 1000).toISOString();
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    auditID: `before-${username}`,
    level: 'Metadata',
    stage: 'ResponseComplete',
    verb: 'get',
    requestURI: '/api/v1/namespaces/default/configmaps/settings',
    user: { username },
    sourceIPs: ['10.0.0.7'],
    objectRef: { resource: 'configmaps', namespace: 'default', name: 'settings', apiVersion: 'v1' },
    responseStatus: { code: 200 },
    requestReceivedTimestamp: time,
    stageTimestamp: time,
  };
}

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
