/** Making the cluster blind, and looking like somebody else. */
import { ACTORS, PEOPLE } from '../cluster.ts';
import { pathOf } from '../paths.ts';
import type { Ref, SimulatedRequest } from '../request.ts';
import { ADMISSION, APPS, creates, deletes, holding, patches, stolen } from './actions.ts';
import { type Storyline, step } from './types.ts';

const [alice, , carol, dave, erin] = PEOPLE;
const admin = holding(alice, 'cluster-admin');
const policyHook: Ref = { ...ADMISSION, resource: 'validatingwebhookconfigurations', name: 'policy-checks' };

/** Still there, and asked nothing any more. */
export const blindWebhook: Storyline = {
  name: 'blind-webhook',
  summary: 'alice lets a webhook of policy checks fail open and pass over one namespace, and deletes another',
  attack: ['T1562.001'],
  actor: alice.username,
  mustFire: { metadata: ['admission-webhook-changed'], mixed: ['webhook-weakened'] },
  steps: [
    patches(0, admin, policyHook, {
      webhooks: [
        {
          name: 'validate.policy.example.com',
          failurePolicy: 'Ignore',
          namespaceSelector: { matchExpressions: [{ key: 'policy', operator: 'NotIn', values: ['off'] }] },
        },
      ],
    }),
    deletes(40, admin, { ...policyHook, name: 'image-signatures' }),
  ],
};

const toolbox = { resource: 'pods', namespace: 'payments', name: 'toolbox' };
const PRIVILEGED = 'privileged (container "main" must not set securityContext.privileged=true)';
const TOOLBOX = {
  spec: { containers: [{ name: 'main', image: 'docker.io/library/alpine:3', securityContext: { privileged: true } }] },
};

/** What admission answers to it where the namespace is restricted. */
function refused(name: string, field: string): Partial<SimulatedRequest> {
  return {
    code: 403,
    refusal: `pods "${name}" is forbidden: violates PodSecurity "restricted:latest": ${field}`,
    annotations: { 'pod-security.kubernetes.io/enforce-policy': 'restricted:latest' },
  };
}

/** First refused, then nobody is left to refuse. */
export const podSecurityLowered: Storyline = {
  name: 'pod-security-lowered',
  summary: 'carol is refused a privileged pod, takes the Pod Security label from the namespace and starts it',
  attack: ['T1562.001', 'T1610', 'T1611'],
  actor: carol.username,
  mustFire: {
    metadata: ['pod-security-violation'],
    mixed: ['pod-security-label-lowered', 'privileged-pod-created'],
  },
  steps: [
    creates(0, carol, 'Pod', toolbox, TOOLBOX, refused(toolbox.name, PRIVILEGED)),
    patches(
      40,
      carol,
      { resource: 'namespaces', namespace: 'payments', name: 'payments' },
      {
        metadata: { labels: { 'pod-security.kubernetes.io/enforce': null } },
      },
    ),
    creates(60, carol, 'Pod', toolbox, TOOLBOX, {
      annotations: { 'pod-security.kubernetes.io/enforce-policy': 'privileged:latest' },
    }),
  ],
};

/** Events say what became of pods, and are gone after an hour anyway. */
export const eventsErased: Storyline = {
  name: 'events-erased',
  summary: 'dave starts a pod, deletes it and then all events of the namespace with one request',
  attack: ['T1070', 'T1610'],
  actor: dave.username,
  mustFire: { metadata: ['events-deleted'] },
  steps: [
    creates(
      0,
      dave,
      'Pod',
      { resource: 'pods', namespace: 'prod', name: 'probe' },
      { spec: { containers: [{ name: 'main', image: 'docker.io/library/alpine:3', command: ['id'] }] } },
    ),
    deletes(90, dave, { resource: 'pods', namespace: 'prod', name: 'probe' }),
    deletes(95, dave, { resource: 'events', namespace: 'prod' }),
  ],
};

export const sensorsStopped: Storyline = {
  name: 'sensors-stopped',
  summary: 'alice scales the policy engine to nothing and deletes the DaemonSet of the runtime sensor',
  attack: ['T1562.001'],
  actor: alice.username,
  mustFire: { metadata: ['security-tool-tampering'] },
  steps: [
    patches(
      0,
      admin,
      { ...APPS, resource: 'deployments', namespace: 'kyverno', name: 'kyverno-admission-controller' },
      { spec: { replicas: 0 } },
    ),
    deletes(20, admin, { ...APPS, resource: 'daemonsets', namespace: 'falco', name: 'falco' }),
  ],
};

const behindHeaders = {
  ...stolen(ACTORS.prometheus, '203.0.113.88', ACTORS.prometheus.agent),
  claims: ['127.0.0.1', '10.0.0.10'],
};

/** Only the last address is one that the API server saw. */
export const forgedAddress: Storyline = {
  name: 'forged-address',
  summary: "Monitoring's token comes from outside, with a header that claims the API server's own address",
  attack: ['T1036', 'T1078'],
  actor: behindHeaders.username,
  mustFire: { metadata: ['forged-source-address', 'secrets-read', 'system-identity-from-public-ip'] },
  steps: [
    step(0, behindHeaders, 'list', { resource: 'nodes' }),
    step(20, behindHeaders, 'list', { resource: 'secrets', namespace: 'monitoring' }),
  ],
};

const WAYS = ['privileged', 'hostPID', 'hostNetwork', 'hostIPC', 'shareProcessNamespace'] as const;

/** Nothing is stored, and all gates have answered. */
export const dryRunProbing: Storyline = {
  name: 'dry-run-probing',
  summary: 'erin tries by dry run which pods the gates of payments would let in, and finds one; none is ever made',
  attack: ['T1613'],
  actor: erin.username,
  mustFire: { metadata: ['dry-run-probing'] },
  steps: WAYS.map((way, index) => {
    const ref = { resource: 'pods', namespace: 'payments', name: `try-${index}` };
    const uri = `${pathOf({ resource: 'pods', namespace: 'payments' })}?dryRun=All&fieldManager=kubectl-create`;
    const container = { name: 'main', image: 'docker.io/library/alpine:3' };
    const spec =
      way === 'privileged'
        ? { containers: [{ ...container, securityContext: { privileged: true } }] }
        : { [way]: true, containers: [container] };
    const answer = way === 'shareProcessNamespace' ? {} : refused(ref.name, `${way}=true`);
    return creates(index * 12, erin, 'Pod', ref, { spec }, { uri, ...answer });
  }),
};
