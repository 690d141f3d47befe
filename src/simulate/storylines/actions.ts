/** What attacks are made of: requests as kubectl and its like send them. */
import type { JsonObject } from '../../shared/json.ts';
import { pathOf } from '../paths.ts';
import type { Actor, Body, Ref, SimulatedRequest } from '../request.ts';
import { type Step, step } from './types.ts';

type More = Partial<SimulatedRequest>;

export const RBAC = { apiGroup: 'rbac.authorization.k8s.io' };
export const APPS = { apiGroup: 'apps' };
export const BATCH = { apiGroup: 'batch' };
export const ADMISSION = { apiGroup: 'admissionregistration.k8s.io' };
export const REVIEW: Ref = { resource: 'selfsubjectrulesreviews', apiGroup: 'authorization.k8s.io' };
export const KUBECTL = 'kubectl/v1.29.0 (linux/amd64) kubernetes/3f7a50f';

/** The same credential in other hands: only where it comes from, and with which program, is another. */
export function stolen(actor: Actor, ip: string, agent: string = KUBECTL): Actor {
  return { ...actor, ip, agent };
}

/** Somebody who was given a role in the whole cluster. */
export function holding(actor: Actor, role: string): Actor {
  return { ...actor, grant: { binding: `${role}s`, role, subject: `User "${actor.username}"` } };
}

/** Sends a whole object to its collection. Its name is in the body, and the API server puts it into objectRef. */
export function creates(at: number, actor: Actor, kind: string, ref: Ref, content: JsonObject, more: More = {}): Step {
  const { name, ...collection } = ref;
  const { metadata, ...rest } = content;
  const body = {
    kind,
    apiVersion: ref.apiGroup === undefined ? 'v1' : `${ref.apiGroup}/${ref.apiVersion ?? 'v1'}`,
    metadata: { name, namespace: ref.namespace, ...(metadata as JsonObject | undefined) },
    ...rest,
  };
  const uri = `${pathOf(collection)}?fieldManager=kubectl-create&fieldValidation=Strict`;
  return step(at, actor, 'create', ref, { uri, body, ...more });
}

/** A merge patch, or a JSON patch where the body is a list of operations. */
export function patches(at: number, actor: Actor, ref: Ref, body: Body, more: More = {}): Step {
  return step(at, actor, 'patch', ref, { uri: `${pathOf(ref)}?fieldManager=kubectl-patch`, body, ...more });
}

export function deletes(at: number, actor: Actor, ref: Ref): Step {
  return step(at, actor, ref.name === undefined ? 'deletecollection' : 'delete', ref);
}

export function asksForToken(at: number, actor: Actor, account: Ref, spec: JsonObject, more: More = {}): Step {
  const body = { kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1', spec };
  return step(at, actor, 'create', { ...account, subresource: 'token' }, { body, ...more });
}

/** kubectl opens sessions over WebSocket since 1.31, which is a get. */
export function exec(at: number, actor: Actor, pod: Ref, ...command: readonly string[]): Step {
  const words = command.map((word) => `command=${encodeURIComponent(word).replaceAll('%20', '+')}`).join('&');
  const uri = `${pathOf({ ...pod, subresource: 'exec' })}?${words}&container=main&stdin=true&stdout=true&tty=true`;
  return step(at, actor, 'get', { ...pod, subresource: 'exec' }, { uri, code: 101, lastsMs: 240_000 });
}

export function binding(role: string, subject: JsonObject): JsonObject {
  return { subjects: [subject], roleRef: { ...RBAC, kind: 'ClusterRole', name: role } };
}

/** What a workload keeps its pods' spec in. */
export function template(app: string, spec: JsonObject): JsonObject {
  return {
    selector: { matchLabels: { app } },
    template: { metadata: { labels: { app } }, spec },
  };
}
