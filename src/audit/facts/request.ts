import { at } from '../../shared/json.ts';
import type { AuditEvent, ObjectRef } from '../event.ts';
import { valuesOf } from './query.ts';
import type { Action } from './types.ts';
import { textOf } from './values.ts';

/** Subresources whose requests become connections, by what they belong to in the core group. */
const CONNECTING = new Set([
  'pods/exec',
  'pods/attach',
  'pods/portforward',
  'pods/proxy',
  'services/proxy',
  'nodes/proxy',
]);
/** Resources that only ask for a verdict, with their groups: anybody may define a custom resource of the same name. */
const REVIEWS = new Set([
  'authentication.k8s.io/tokenreviews',
  'authentication.k8s.io/selfsubjectreviews',
  'authorization.k8s.io/subjectaccessreviews',
  'authorization.k8s.io/localsubjectaccessreviews',
  'authorization.k8s.io/selfsubjectaccessreviews',
  'authorization.k8s.io/selfsubjectrulesreviews',
]);
/** An eviction is a deletion that asks the disruption budgets first. */
const EVICTION = 'pods/eviction';
const TOKEN_REQUEST = 'serviceaccounts/token';

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
  const resource = resourceOf(event.objectRef);
  if (resource !== undefined) {
    if (CONNECTING.has(resource)) return 'connect';
    if (REVIEWS.has(resource)) return 'review';
    if (resource === EVICTION && event.verb === 'create') return 'delete';
  }
  return ACTION_BY_VERB.get(event.verb) ?? 'write';
}

/** `apps/deployments/scale`; the core group has no prefix. */
export function resourceOf(ref: ObjectRef | undefined): string | undefined {
  if (ref?.resource === undefined) return undefined;
  const group = ref.apiGroup === undefined ? '' : `${ref.apiGroup}/`;
  return ref.subresource === undefined ? group + ref.resource : `${group}${ref.resource}/${ref.subresource}`;
}

/** `namespace/name`; a Namespace itself, whose objectRef names it twice, is just its name. */
export function objectOf(event: AuditEvent): string | undefined {
  const ref = event.objectRef;
  const name = ref?.name ?? generatedName(event);
  if (ref === undefined || name === undefined) return undefined;
  return ref.namespace === undefined || ref.resource === 'namespaces' ? name : `${ref.namespace}/${name}`;
}

/** What the API server made of `generateName`: only its answer says so, for objectRef holds what was sent. */
function generatedName({ verb, objectRef, responseObject }: AuditEvent): string | undefined {
  if (verb !== 'create' || objectRef?.subresource !== undefined) return undefined;
  return textOf(at(responseObject, 'metadata', 'name'));
}

export function pathOf(requestURI: string): string {
  const end = requestURI.indexOf('?');
  return end < 0 ? requestURI : requestURI.slice(0, end);
}

/**
 * Whether the API server was asked to change nothing, as far as the event proves it.
 * Creates, updates and patches take `dryRun` from the URI. A delete takes it from there only when its body is empty
 * (kubernetes, apiserver/pkg/endpoints/handlers/delete.go), and an absent body may be one that was not logged: there
 * the logged body alone is believed. An eviction knows both places. Token requests and connections ignore it.
 */
export function isDryRun(event: AuditEvent, action: Action): boolean {
  const resource = resourceOf(event.objectRef);
  if (resource === EVICTION) return uriSaysDryRun(event) || saysDryRun(at(event.requestObject, 'deleteOptions'));
  if (action === 'delete') return saysDryRun(event.requestObject);
  return action === 'write' && resource !== TOKEN_REQUEST && uriSaysDryRun(event);
}

function uriSaysDryRun({ requestURI }: AuditEvent): boolean {
  return requestURI.includes('dryRun=All') && valuesOf(requestURI, 'dryRun').includes('All');
}

function saysDryRun(options: unknown): boolean {
  const dryRun = at(options, 'dryRun');
  return Array.isArray(dryRun) && dryRun.includes('All');
}
