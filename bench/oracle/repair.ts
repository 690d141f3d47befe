/**
 * The events of rule tests hold what their rule reads and little else. What every API server writes is filled in here, and
 * what was filled is told: the loader itself takes no partial events.
 */
import type { Json } from './cases.ts';

export interface Repaired {
  readonly event: Json;
  /** Members that the case did not have, or had in a form that no API server writes. */
  readonly filled: readonly string[];
}

/** A time for events without one; what is repeated or came before is counted from it. */
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
export function repair(event: Json): Repaired {
  if (isJson(event['protoPayload'])) return repairEntry(event, event['protoPayload']);
  const properties = event['properties'];
  if (isJson(properties) && typeof properties['log'] === 'string') {
    const inner = repairNative(JSON.parse(properties['log']) as Json);
    return { event: { ...event, properties: { ...properties, log: JSON.stringify(inner.event) } }, filled: inner.filled };
  }
  const isEvent = event['kind'] === 'Event' || (event['kind'] === undefined && isJson(event['objectRef']));
  return isEvent ? repairNative(event) : { event, filled: [] };
}

/** An event as the API server writes it. */
function repairNative(event: Json): Repaired {
  const draft = draftOf(lifted(event));
  const ref = draft.get('objectRef');
  const reference = isJson(ref) ? ref : {};
  const group = API_GROUPS[String(reference['resource'])];
  if (group !== undefined && reference['apiGroup'] === undefined) {
    draft.set('objectRef', { ...reference, apiGroup: group });
  }
  const namespace = /\/namespaces\/([^/]+)\/./.exec(String(draft.get('requestURI')))?.[1];
  if (isJson(ref) && namespace !== undefined && ref['namespace'] === undefined) {
    draft.set('objectRef', { ...ref, namespace });
  }
  const isSession = reference['subresource'] === 'exec' || reference['subresource'] === 'attach';
  draft.fill('auditID', 'case');
  draft.fill('stage', 'ResponseComplete');
  draft.fill('level', levelOf(draft));
  draft.fill('verb', draft.has('requestObject') ? 'update' : 'get');
  draft.fill('user', { username: USER });
  draft.fill('responseStatus', { code: isSession ? 101 : 200 });
  repairTime(draft, 'requestReceivedTimestamp');
  repairTime(draft, 'stageTimestamp');
  return draft.done();
}

/** Stratus prints the verb and the code as Datadog names them, and what is around an event as `attributes`. */
function lifted(event: Json): Json {
  const around = event['attributes'];
  const whole = isJson(around) ? { ...event, ...around } : event;
  const http = whole['http'];
  if (!isJson(http)) return whole;
  const code = http['status_code'];
  return {
    ...whole,
    ...(http['method'] !== undefined && { verb: http['method'] }),
    ...(code !== undefined && { responseStatus: { code } }),
  };
}

function levelOf(draft: Draft): string {
  if (draft.has('responseObject')) return 'RequestResponse';
  return draft.has('requestObject') ? 'Request' : 'Metadata';
}

/** A Cloud Audit log entry of GKE. Panther renames a member, and prints times without a zone. */
function repairEntry(entry: Json, given: Json): Repaired {
  const payload = draftOf(given);
  const method = String(given['methodName']);
  if (method.startsWith('io.k8s.')) payload.fill('serviceName', 'k8s.io');
  payload.fill('resourceName', resourceOf(given['authorizationInfo'] ?? entry['authorizationInfo']));
  payload.fill('authenticationInfo', { principalEmail: USER });
  const caller = given['requestMetadata'];
  if (isJson(caller) && caller['callerIp'] === undefined && caller['callerIP'] !== undefined) {
    payload.set('requestMetadata', { ...caller, callerIp: caller['callerIP'] });
  }
  const draft = draftOf(entry);
  draft.fill('insertId', 'case');
  repairTime(draft, 'timestamp');
  const inside = payload.done();
  return { event: { ...draft.done().event, protoPayload: inside.event }, filled: [...draft.filled, ...inside.filled] };
}

function resourceOf(permissions: unknown): unknown {
  const first: unknown = Array.isArray(permissions) ? permissions[0] : undefined;
  return isJson(first) ? first['resource'] : undefined;
}

/** RFC 3339 from `2022-11-29 00:09:04.38`, which is UTC. */
function repairTime(draft: Draft, member: string): void {
  const text = draft.get(member);
  if (typeof text !== 'string') draft.set(member, TIME);
  else if (text.includes(' ')) draft.set(member, `${text.replace(' ', 'T')}Z`);
}

/** An object that is being filled, with a list of what was. */
interface Draft {
  readonly filled: readonly string[];
  readonly has: (member: string) => boolean;
  readonly get: (member: string) => unknown;
  readonly set: (member: string, value: unknown) => void;
  /** Sets what is absent. */
  readonly fill: (member: string, value: unknown) => void;
  readonly done: () => Repaired;
}

function draftOf(given: Json): Draft {
  const members = new Map(Object.entries(given));
  const filled: string[] = [];
  const set = (member: string, value: unknown): void => {
    if (value === undefined) return;
    members.set(member, value);
    if (!filled.includes(member)) filled.push(member);
  };
  return {
    filled,
    has: (member) => members.has(member),
    get: (member) => members.get(member),
    set,
    fill: (member, value) => {
      if (!members.has(member)) set(member, value);
    },
    done: () => ({ event: Object.fromEntries(members), filled }),
  };
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
