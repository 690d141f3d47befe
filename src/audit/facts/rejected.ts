import type { ResponseStatus } from '../event.ts';
import type { Gate, RejectedFacts } from './request-types.ts';
import { clip } from './values.ts';

/**
 * First match wins. The messages are those of kubernetes/kubernetes; some name who turned it down, and under which binding.
 * They quote what the client sent as well, so that a gate is what a message says, and no proof.
 */
const GATES: readonly (readonly [Gate, RegExp])[] = [
  ['webhook', /^admission webhook "([^"]+)" denied/],
  ['webhook-failed', /failed calling webhook "([^"]+)"/],
  ['policy', /(?:Validating|Mutating)AdmissionPolicy '([^']+)' with binding '([^']+)'/],
  ['pod-security', /violates PodSecurity "([^"]+)"/],
  ['quota', /(?:exceeded|failed) quota: ([^,:\s]+)/],
  ['limit-range', /(?:maximum|minimum) \S+ usage per \w+ is|limit to request ratio per/],
  ['rbac-escalation', /attempting to grant RBAC permissions not currently held|attempt to grant extra privileges/],
  ['node-restriction', / is forbidden: node "([^"]+)" /],
  ['node-relationship', /no relationship found between node '([^']+)'/],
  ['namespace-terminating', /because it is being terminated/],
  ['disruption-budget', /violate the pod's disruption budget/],
  ['impersonation', / cannot impersonate /],
  [
    'flow-control',
    /^(?:Too many requests|the server has received too many requests and has asked us to try again later)/i,
  ],
];
const FAILURE = 400;
/** Priority and fairness answers before anything makes a Status: the code is all that is logged. */
const TOO_MANY = 429;

/** What turned a request down, where its message says so. */
export function rejectedFacts(status: ResponseStatus | undefined): RejectedFacts | undefined {
  if (status?.code === undefined || status.code < FAILURE) return undefined;
  const { code, message } = status;
  if (message === undefined) return code === TOO_MANY ? { gate: 'flow-control' } : undefined;
  for (const [gate, pattern] of GATES) {
    const found = pattern.exec(message);
    if (found === null) continue;
    const [, by, binding] = found;
    return {
      gate,
      ...(by !== undefined && { by: clip(by) }),
      ...(binding !== undefined && { binding: clip(binding) }),
    };
  }
  return undefined;
}

const SERVER_ERROR = 500;
const FAILURE_LIMIT = 256;
const LINE = /\S[^\r\n]*/;

/** What a server error says, without the stack of addresses that follows in a panic's message. */
export function failureOf(status: ResponseStatus | undefined): string | undefined {
  if (status?.code === undefined || status.code < SERVER_ERROR || status.message === undefined) return undefined;
  const line = LINE.exec(status.message)?.[0];
  return line && clip(line, FAILURE_LIMIT).trimEnd();
}
