import { ACTORS, NAMESPACES, PEOPLE } from '../cluster.ts';
import { pathOf } from '../paths.ts';
import type { Actor, Ref } from '../request.ts';
import { repeat, type Storyline, step } from './types.ts';

const RBAC = { apiGroup: 'rbac.authorization.k8s.io' };
const RBAC_VERSION = 'rbac.authorization.k8s.io/v1';
const [, bob, carol, dave, erin] = PEOPLE;

function session(pod: Ref, command: readonly string[]): { uri: string; code: number; lastsMs: number } {
  const words = command.map((word) => `command=${encodeURIComponent(word).replaceAll('%20', '+')}`).join('&');
  return {
    uri: `${pathOf({ ...pod, subresource: 'exec' })}?${words}&container=main&stdin=true&stdout=true&tty=true`,
    code: 101,
    lastsMs: 240_000,
  };
}

/** kubectl opens sessions over WebSocket since 1.31, which is a get. */
function exec(at: number, actor: Actor, pod: Ref, ...command: readonly string[]): ReturnType<typeof step> {
  return step(at, actor, 'get', { ...pod, subresource: 'exec' }, session(pod, command));
}

const thief: Actor = {
  ...ACTORS.deployer,
  ip: '203.0.113.7',
  agent: 'kubectl/v1.29.0 (linux/amd64) kubernetes/3f7a50f',
};
const PROBED = ['nodes', 'persistentvolumes', 'clusterroles', 'namespaces'] as const;

/** The token of the pipeline is used from the internet. */
export const stolenCiToken: Storyline = {
  name: 'stolen-ci-token',
  summary:
    "The pipeline's token is used from outside: it asks what it may do, reads secrets everywhere and makes itself a new token",
  attack: ['T1528', 'T1613', 'T1552.007'],
  actor: thief.username,
  mustFire: ['requests-forbidden', 'secrets-read', 'service-account-token-created'],
  needsBodies: [],
  steps: [
    step(0, thief, 'create', { resource: 'selfsubjectrulesreviews', apiGroup: 'authorization.k8s.io' }),
    ...repeat(24, 15, 20, (at, index) =>
      step(at, thief, 'list', { resource: PROBED[index % PROBED.length] ?? 'nodes' }, { code: 403 }),
    ),
    ...NAMESPACES.map((namespace, index) => step(520 + index * 30, thief, 'list', { resource: 'secrets', namespace })),
    step(
      720,
      thief,
      'create',
      { resource: 'serviceaccounts', namespace: 'payments', name: 'gateway', subresource: 'token' },
      {
        body: { kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1', spec: { expirationSeconds: 31_536_000 } },
      },
    ),
  ],
};

const entryPod: Ref = { resource: 'pods', namespace: 'prod', name: 'api-6f7c9d5b48-x7k2p' };

/** From a shell in a pod to the whole cluster. */
export const shellThenEscalate: Storyline = {
  name: 'shell-then-escalate',
  summary:
    "bob opens a shell in prod/api; then the pod's service account writes a role that allows everything and gets cluster-admin",
  attack: ['T1609', 'T1098.006'],
  actor: bob.username,
  mustFire: ['exec-into-pod', 'dangerous-role-written', 'cluster-admin-bound'],
  needsBodies: ['dangerous-role-written', 'cluster-admin-bound'],
  steps: [
    exec(0, bob, entryPod, 'sh', '-c', 'cat /var/run/secrets/kubernetes.io/serviceaccount/token'),
    step(90, ACTORS.apiPod, 'create', { resource: 'selfsubjectrulesreviews', apiGroup: 'authorization.k8s.io' }),
    step(
      150,
      ACTORS.apiPod,
      'create',
      { ...RBAC, resource: 'clusterroles', name: 'debug-all' },
      {
        body: {
          kind: 'ClusterRole',
          apiVersion: RBAC_VERSION,
          metadata: { name: 'debug-all' },
          rules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
        },
      },
    ),
    step(
      180,
      ACTORS.apiPod,
      'create',
      { ...RBAC, resource: 'clusterrolebindings', name: 'api-admin' },
      {
        body: {
          kind: 'ClusterRoleBinding',
          apiVersion: RBAC_VERSION,
          metadata: { name: 'api-admin' },
          subjects: [{ kind: 'ServiceAccount', name: 'api', namespace: 'prod' }],
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
        },
      },
    ),
  ],
};

const hostPod: Ref = { resource: 'pods', namespace: 'staging', name: 'node-debug' };

/** A pod that is the node. */
export const hostTakeover: Storyline = {
  name: 'host-takeover',
  summary: "carol starts a privileged pod with the node's root and processes and opens a shell in it",
  attack: ['T1610', 'T1611', 'T1609'],
  actor: carol.username,
  mustFire: ['exec-into-pod', 'privileged-pod-created'],
  needsBodies: ['privileged-pod-created'],
  steps: [
    step(0, carol, 'create', hostPod, {
      uri: pathOf({ resource: 'pods', namespace: 'staging' }),
      body: {
        kind: 'Pod',
        apiVersion: 'v1',
        metadata: { name: 'node-debug', namespace: 'staging' },
        spec: {
          hostPID: true,
          containers: [{ name: 'main', image: 'docker.io/library/alpine:3', securityContext: { privileged: true } }],
          volumes: [{ name: 'host', hostPath: { path: '/' } }],
        },
      },
    }),
    exec(45, carol, hostPod, 'chroot', '/host', 'bash'),
  ],
};

/** Borrowing a name that may do anything. */
export const impersonateAdmin: Storyline = {
  name: 'impersonate-admin',
  summary: 'dave reads the secrets of payments under the name of an administrator',
  attack: ['T1078', 'T1552.007'],
  actor: dave.username,
  mustFire: ['impersonation', 'secrets-read'],
  needsBodies: [],
  steps: repeat(6, 0, 25, (at, index) =>
    step(
      at,
      dave,
      'get',
      { resource: 'secrets', namespace: 'payments', name: `card-key-${index}` },
      {
        impersonated: { username: 'admin', groups: ['system:masters', 'system:authenticated'] },
      },
    ),
  ),
};

/** Everything goes, first the copies. */
export const ransom: Storyline = {
  name: 'ransom',
  summary: 'erin deletes volumes, workloads and secrets of shop within minutes and leaves a note',
  attack: ['T1485', 'T1486'],
  actor: erin.username,
  mustFire: ['bulk-deletion', 'secrets-deleted'],
  needsBodies: [],
  steps: [
    ...repeat(14, 0, 9, (at, index) =>
      step(at, erin, 'delete', { resource: 'persistentvolumeclaims', namespace: 'shop', name: `data-${index}` }),
    ),
    ...repeat(10, 130, 9, (at, index) =>
      step(at, erin, 'delete', { resource: 'deployments', apiGroup: 'apps', namespace: 'shop', name: `shop-${index}` }),
    ),
    ...repeat(8, 230, 9, (at, index) =>
      step(
        at,
        erin,
        'delete',
        { resource: 'secrets', namespace: 'shop', name: `shop-key-${index}` },
        {
          reason: `RBAC: allowed by RoleBinding "shop-admins/shop" of ClusterRole "admin" to User "${erin.username}"`,
        },
      ),
    ),
    step(320, erin, 'create', { resource: 'configmaps', namespace: 'shop', name: 'read-me' }),
  ],
};
