import type { JsonObject } from '../../shared/json.ts';
import type { AuditEvent, Identity } from '../event.ts';
import { memoiseText } from '../memo.ts';
import type { ActorFacts, ActorType } from './types.ts';

interface NameFacts {
  readonly type: ActorType;
  readonly namespace?: string;
  readonly node?: string;
}

const SERVICE_ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/;

/**
 * By whole name: a name that only begins alike may be anybody's. `system:masters` is a group, and the certificate of
 * `system:kube-proxy` lies on every node.
 */
const CONTROL_PLANE = new Set([
  'system:apiserver',
  'system:kube-apiserver',
  'system:aggregator',
  'system:kube-aggregator',
  'system:kube-controller-manager',
  'system:cloud-controller-manager',
  'system:kube-scheduler',
  'system:addon-manager',
]);

/** https://kubernetes.io/docs/reference/access-authn-authz/rbac/ lists the reserved `system:` names. */
const ofName = memoiseText((name: string): NameFacts => {
  if (name === 'system:anonymous') return { type: 'anonymous' };
  const account = SERVICE_ACCOUNT.exec(name);
  if (account?.[1] !== undefined) return { type: 'serviceaccount', namespace: account[1] };
  // By name alone: without the group system:nodes it is no node to the API server, but a claim to be one.
  if (name.startsWith('system:node:')) return { type: 'node', node: name.slice('system:node:'.length) };
  if (name.startsWith('system:bootstrap')) return { type: 'bootstrap' };
  if (CONTROL_PLANE.has(name)) return { type: 'control-plane' };
  return { type: name.startsWith('system:') ? 'system' : 'person' };
});

/** Who acted: the impersonated user where there is one, since that is whose rights were used. */
export function actorFacts(event: AuditEvent): ActorFacts {
  const effective = event.impersonatedUser?.username ?? event.user.username;
  const named: NameFacts = effective === undefined ? { type: 'none' } : ofName(effective);
  const pod = boundPod(event.user);
  const node = named.node ?? boundNode(event.user);
  const impersonator = event.impersonatedUser === undefined ? undefined : event.user.username;
  return {
    type: named.type,
    ...(effective !== undefined && { name: effective }),
    ...(named.namespace !== undefined && { namespace: named.namespace }),
    ...(node !== undefined && { node }),
    ...(pod !== undefined && { pod }),
    ...(impersonator !== undefined && { impersonator }),
  };
}

export function serviceAccountNamespace(username: string): string | undefined {
  return SERVICE_ACCOUNT.exec(username)?.[1];
}

/** The pod that a service account's token is bound to. */
export function boundPod(user: Identity): string | undefined {
  return firstExtra(user.extra, 'authentication.kubernetes.io/pod-name');
}

export function boundNode(user: Identity): string | undefined {
  return firstExtra(user.extra, 'authentication.kubernetes.io/node-name');
}

/** Of the token or client certificate that was shown: https://kubernetes.io/docs/reference/labels-annotations-taints/audit-annotations/ */
export function credentialId(user: Identity): string | undefined {
  return firstExtra(user.extra, 'authentication.kubernetes.io/credential-id');
}

function firstExtra(extra: JsonObject | undefined, key: string): string | undefined {
  const values = extra?.[key];
  const first: unknown = Array.isArray(values) ? values[0] : undefined;
  return typeof first === 'string' && first !== '' ? first : undefined;
}
