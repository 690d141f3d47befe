import type { JsonObject } from '../shared/json.ts';
import type { SimulatedRequest } from './request.ts';

const REASONS: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
};

/** `responseStatus` as API servers fill it: only failures of resource requests and refusals say more than the code. */
export function statusOf(request: SimulatedRequest): JsonObject {
  const { code, ref, refusal, verb } = request;
  if (code === 401) return failure(code, 'Unauthorized', 'Unauthorized');
  if (code === 403) return failure(code, 'Forbidden', refusal ?? forbidden(request), detailsOf(request));
  if (code < 400 || ref === undefined) return { metadata: {}, code };
  const reason = code === 409 && verb === 'create' ? 'AlreadyExists' : (REASONS[code] ?? 'InternalError');
  return failure(code, reason, messageOf(request, reason), detailsOf(request));
}

function failure(code: number, reason: string, message: string, details?: JsonObject): JsonObject {
  return { metadata: {}, status: 'Failure', message, reason, details, code };
}

function messageOf({ ref }: SimulatedRequest, reason: string): string {
  const target = `${groupResource(ref)} "${ref?.name ?? ''}"`;
  switch (reason) {
    case 'NotFound':
      return `${target} not found`;
    case 'AlreadyExists':
      return `${target} already exists`;
    case 'Conflict':
      return `Operation cannot be fulfilled on ${target}: the object has been modified; please apply your changes to the latest version and try again`;
    default:
      return 'Internal error occurred';
  }
}

/** Names the user whose rights were asked for: the impersonated one where there is impersonation. */
function forbidden({ actor, impersonated, ref, uri, verb }: SimulatedRequest): string {
  const user = `User "${impersonated?.username ?? actor.username}" cannot ${verb}`;
  if (ref === undefined) return `forbidden: ${user} path "${uri}"`;
  const target = ref.name === undefined ? groupResource(ref) : `${groupResource(ref)} "${ref.name}"`;
  const resource = ref.subresource === undefined ? ref.resource : `${ref.resource}/${ref.subresource}`;
  const scope = ref.namespace === undefined ? 'at the cluster scope' : `in the namespace "${ref.namespace}"`;
  return `${target} is forbidden: ${user} resource "${resource}" in API group "${ref.apiGroup ?? ''}" ${scope}`;
}

function groupResource(ref: SimulatedRequest['ref']): string {
  return ref?.apiGroup === undefined ? (ref?.resource ?? '') : `${ref.resource}.${ref.apiGroup}`;
}

function detailsOf({ ref }: SimulatedRequest): JsonObject {
  return ref === undefined ? {} : { name: ref.name, group: ref.apiGroup, kind: ref.resource };
}
