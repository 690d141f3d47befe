import { stringOf } from '../../shared/json.ts';
import type { AuditEvent } from '../event.ts';
import { memoiseText } from '../memo.ts';
import type { EventFacts, Outcome } from './types.ts';

/** `allow` or `forbid`, as the authorizer said it. */
export function decisionOf(event: AuditEvent): string | undefined {
  return stringOf(event.annotations['authorization.k8s.io/decision']);
}

/**
 * Which gate let the request through or stopped it. A 403 comes from the authorizer or, when that had said yes, from
 * admission; webhooks and policies may refuse with any 4xx, and say so in the message.
 */
export function outcomeOf(event: AuditEvent, decision: string | undefined): Outcome | undefined {
  if (event.stage === 'Panic') return 'server';
  const code = event.responseStatus?.code;
  if (code === undefined) return undefined;
  if (code < 400) return 'success';
  if (code >= 500) return 'server';
  if (code === 401) return 'authentication';
  if (code === 403) return decision === 'allow' ? 'admission' : 'authorization';
  if (isAdmissionRefusal(event.responseStatus)) return 'admission';
  if (code === 409) return 'conflict';
  return code === 429 ? 'throttled' : 'client';
}

/** A policy refuses with 422 unless it says otherwise. */
const BY_POLICY = /^\S+ "[^"]*" is forbidden: (?:Validating|Mutating)AdmissionPolicy '/;

export function isAdmissionRefusal(status: AuditEvent['responseStatus']): boolean {
  const message = status?.message;
  return message !== undefined && (message.startsWith('admission webhook "') || BY_POLICY.test(message));
}

/** The outcome in ECS words: https://www.elastic.co/docs/reference/ecs/ecs-allowed-values-event-outcome */
export function resultOf(outcome: Outcome | undefined): EventFacts['result'] {
  if (outcome === undefined) return 'unknown';
  return outcome === 'success' ? 'success' : 'failure';
}

/**
 * Whether this is the one event of its request that tells how it ended. A failed login is logged once, at
 * ResponseStarted and with no user; every other ResponseStarted is followed by a ResponseComplete.
 */
export function isTerminal(event: AuditEvent): boolean {
  if (event.stage === 'ResponseComplete' || event.stage === 'Panic') return true;
  return event.stage === 'ResponseStarted' && event.user.username === undefined;
}

/** Microseconds from receiving the request to this stage; undefined where a clock ran backwards. */
export function latencyOf(event: AuditEvent): number | undefined {
  if (event.receivedMicros === undefined || event.stageMicros === undefined) return undefined;
  const micros = event.stageMicros - event.receivedMicros;
  return micros >= 0 ? micros : undefined;
}

const QUOTED = '"((?:[^"\\\\]|\\\\.)*)"';
/** The RBAC authorizer's sentence; a RoleBinding is written as "name/namespace" (kubernetes, plugin/pkg/auth/authorizer/rbac). */
const RBAC_REASON = new RegExp(
  `^RBAC: allowed by (ClusterRoleBinding|RoleBinding) ${QUOTED} of (ClusterRole|Role) ${QUOTED} to `,
);

const NO_RULE = { found: undefined } as const;
const readReason = memoiseText((reason: string): { readonly found: EventFacts['authz'] } => {
  const [, bindingKind, binding, roleKind, role] = RBAC_REASON.exec(reason) ?? [];
  if (bindingKind === undefined || binding === undefined) return NO_RULE;
  const [name, namespace] = binding.split('/');
  const path = namespace === undefined ? binding : `${namespace}/${name}`;
  return { found: { role: `${roleKind}/${role}`, binding: `${bindingKind}/${path}` } };
});

export function reasonOf(event: AuditEvent): string | undefined {
  return stringOf(event.annotations['authorization.k8s.io/reason']);
}

/** Whether the API server took bodies out because the event was too large. */
export function isTruncated(event: AuditEvent): boolean {
  return event.annotations['audit.k8s.io/truncated'] === 'true';
}

/** The role and binding that allowed the request, from the RBAC authorizer's reason. */
export function authzOf(event: AuditEvent): EventFacts['authz'] {
  const reason = reasonOf(event);
  return reason === undefined ? undefined : readReason(reason).found;
}
