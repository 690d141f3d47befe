import type { JsonObject } from '../shared/json.ts';
import type { Ref, SimulatedRequest } from './request.ts';

/** A role that an actor holds, as RBAC names it when it allows a request. */
export interface Grant {
  readonly binding: string;
  readonly role: string;
  /** `ServiceAccount "name/namespace"`, `Group "dev"`, `User "…"`. */
  readonly subject: string;
  /** Bound in each namespace rather than in the cluster. */
  readonly namespaced?: true;
}

/** The API server says where the time went once a request has taken longer than this. */
const SLOW_MICROS = 500_000;

/** Keys in the order of Go's maps: sorted. A 401 has none, since nobody was there to be authorised. */
export function annotationsOf(request: SimulatedRequest, completed: boolean): JsonObject | undefined {
  const { annotations, code, lastsMs, latencyMicros, ref } = request;
  if (code === 401) return undefined;
  const slow = completed && lastsMs === undefined && ref !== undefined && latencyMicros > SLOW_MICROS;
  const all = {
    ...annotations,
    ...(slow && {
      'apiserver.latency.k8s.io/etcd': goDuration(Math.floor(latencyMicros * 0.8)),
      'apiserver.latency.k8s.io/total': goDuration(latencyMicros),
    }),
    'authorization.k8s.io/decision': isForbidden(request) ? 'forbid' : 'allow',
    'authorization.k8s.io/reason': request.reason ?? reasonOf(request),
  };
  return annotations === undefined ? all : Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const SELF_REVIEW =
  'RBAC: allowed by ClusterRoleBinding "system:basic-user" of ClusterRole "system:basic-user" to Group "system:authenticated"';

/** Empty where something other than a role decided: a refusal, the node authorizer, the group system:masters. */
function reasonOf(request: SimulatedRequest): string {
  if (isForbidden(request)) return '';
  const { actor, impersonated, ref } = request;
  if (ref?.resource.startsWith('selfsubject')) return SELF_REVIEW;
  const { grant } = actor;
  return grant === undefined || impersonated !== undefined ? '' : `RBAC: allowed by ${bindingOf(grant, ref)}`;
}

/** By the authorizer: what admission refuses, it had allowed. */
function isForbidden({ code, refusal }: SimulatedRequest): boolean {
  return code === 403 && refusal === undefined;
}

function bindingOf({ binding, role, subject, namespaced }: Grant, ref: Ref | undefined): string {
  const bound =
    namespaced && ref?.namespace !== undefined
      ? `RoleBinding "${binding}/${ref.namespace}"`
      : `ClusterRoleBinding "${binding}"`;
  return `${bound} of ClusterRole "${role}" to ${subject}`;
}

/** As Go prints a duration of whole microseconds of at least half a second: `812.5ms`, `1.204031s`. */
function goDuration(micros: number): string {
  return micros < 1_000_000 ? `${micros / 1000}ms` : `${micros / 1_000_000}s`;
}
