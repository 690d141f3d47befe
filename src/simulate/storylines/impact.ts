/** Destroying, and taking away what would have saved it. */
import { ACTORS, PEOPLE } from '../cluster.ts';
import type { Ref } from '../request.ts';
import { deletes, holding, patches, stolen } from './actions.ts';
import { repeat, type Storyline, step } from './types.ts';

const [alice, , , , erin] = PEOPLE;
const admin = holding(alice, 'cluster-admin');

/** Everything goes, first the copies. */
export const ransom: Storyline = {
  name: 'ransom',
  summary: 'erin deletes volumes, workloads and secrets of shop within minutes and leaves a note',
  attack: ['T1485', 'T1486'],
  actor: erin.username,
  mustFire: { metadata: ['bulk-deletion', 'secrets-deleted'] },
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

/** One request, and the controllers do the rest. */
export const namespaceGone: Storyline = {
  name: 'namespace-gone',
  summary: 'alice deletes the namespace payments, and all Secrets of staging with one request',
  attack: ['T1485'],
  actor: alice.username,
  mustFire: { metadata: ['namespace-deleted', 'secrets-deleted'] },
  steps: [
    deletes(0, admin, { resource: 'namespaces', namespace: 'payments', name: 'payments' }),
    deletes(30, admin, { resource: 'secrets', namespace: 'staging' }),
  ],
};

const backup: Ref = { resource: 'backups', apiGroup: 'velero.io', namespace: 'velero' };

/** Without these, the rest can be demanded a price for. */
export const backupsGone: Storyline = {
  name: 'backups-gone',
  summary: 'alice deletes the backups, pauses their schedule and deletes the snapshots of volumes',
  attack: ['T1490', 'T1485'],
  actor: alice.username,
  mustFire: { metadata: ['backup-tampering'] },
  steps: [
    ...repeat(5, 0, 10, (at, index) => deletes(at, admin, { ...backup, name: `daily-2026030${index + 1}` })),
    patches(60, admin, { ...backup, resource: 'schedules', name: 'daily' }, { spec: { paused: true } }),
    ...repeat(4, 80, 10, (at, index) =>
      deletes(at, admin, {
        resource: 'volumesnapshots',
        apiGroup: 'snapshot.storage.k8s.io',
        namespace: 'payments',
        name: `ledger-${index}`,
      }),
    ),
  ],
};

/** Nothing breaks yet: what would have held does no longer. */
export const guardrailsRemoved: Storyline = {
  name: 'guardrails-removed',
  summary: 'alice removes the quota, the limits and the network policy of shop',
  attack: ['T1562.001', 'T1562.007', 'T1496.001'],
  actor: alice.username,
  mustFire: { metadata: ['quota-or-guardrail-removed', 'network-policy-changed'] },
  steps: [
    deletes(0, admin, { resource: 'resourcequotas', namespace: 'shop', name: 'compute' }),
    deletes(15, admin, { resource: 'limitranges', namespace: 'shop', name: 'defaults' }),
    deletes(30, admin, {
      resource: 'networkpolicies',
      apiGroup: 'networking.k8s.io',
      namespace: 'shop',
      name: 'default-deny',
    }),
  ],
};

const leaseThief = holding(stolen(ACTORS.apiPod, ACTORS.apiPod.ip, 'Go-http-client/2.0'), 'lease-writer');
const lease: Ref = {
  resource: 'leases',
  apiGroup: 'coordination.k8s.io',
  namespace: 'kube-system',
  name: 'kube-controller-manager',
};

/** Who holds the lease stops the others from working. */
export const leaseStolen: Storyline = {
  name: 'lease-stolen',
  summary: "The pod prod/api keeps writing itself into the controller manager's lease, and no controller works",
  attack: ['T1499', 'T1489'],
  actor: leaseThief.username,
  mustFire: { metadata: ['lease-theft'] },
  steps: [
    step(0, leaseThief, 'get', lease),
    ...repeat(6, 5, 10, (at) =>
      step(at, leaseThief, 'update', lease, {
        body: {
          kind: 'Lease',
          apiVersion: 'coordination.k8s.io/v1',
          metadata: { name: lease.name, namespace: lease.namespace },
          spec: { holderIdentity: 'api-6f7c9d5b48-x7k2p', leaseDurationSeconds: 3600 },
        },
      }),
    ),
  ],
};
