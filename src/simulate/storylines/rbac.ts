/** More rights by roles, bindings and other people's names. */
import { ACTORS, PEOPLE } from '../cluster.ts';
import type { Ref } from '../request.ts';
import { binding, creates, exec, holding, patches, RBAC, REVIEW, stolen } from './actions.ts';
import { repeat, type Storyline, step } from './types.ts';

const [, bob, carol, dave] = PEOPLE;
const entryPod: Ref = { resource: 'pods', namespace: 'prod', name: 'api-6f7c9d5b48-x7k2p' };
const fromPod = ACTORS.apiPod;
const clusterRole = (name: string): Ref => ({ ...RBAC, resource: 'clusterroles', name });
const clusterBinding = (name: string): Ref => ({ ...RBAC, resource: 'clusterrolebindings', name });
const carolAdmin = holding(carol, 'cluster-admin');
const daveAdmin = holding(dave, 'cluster-admin');
const ANYTHING = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] };

/** From a shell in a pod to the whole cluster. */
export const shellThenEscalate: Storyline = {
  name: 'shell-then-escalate',
  summary:
    "bob opens a shell in prod/api; then the pod's service account writes a role that allows everything and gets cluster-admin",
  attack: ['T1609', 'T1098.006'],
  actor: bob.username,
  mustFire: {
    metadata: ['exec-into-pod', 'pod-exec-sensitive-file'],
    mixed: ['dangerous-role-written', 'role-escalation-verbs', 'role-everything', 'cluster-admin-bound'],
  },
  steps: [
    exec(0, bob, entryPod, 'sh', '-c', 'cat /var/run/secrets/kubernetes.io/serviceaccount/token'),
    step(90, fromPod, 'create', REVIEW),
    creates(150, fromPod, 'ClusterRole', clusterRole('debug-all'), { rules: [ANYTHING] }),
    creates(
      180,
      fromPod,
      'ClusterRoleBinding',
      clusterBinding('api-admin'),
      binding('cluster-admin', { kind: 'ServiceAccount', name: 'api', namespace: 'prod' }),
    ),
  ],
};

/** Borrowing a name that may do anything. */
export const impersonateAdmin: Storyline = {
  name: 'impersonate-admin',
  summary: 'dave reads the secrets of payments under the name of an administrator',
  attack: ['T1078', 'T1552.007'],
  actor: dave.username,
  mustFire: { metadata: ['impersonation', 'impersonation-of-privileged', 'secrets-read'] },
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

/** Whoever has any account at all. */
export const bindingForEverybody: Storyline = {
  name: 'binding-for-everybody',
  summary: 'carol binds the role edit to all who can log in, under a name that looks like one of the system',
  attack: ['T1098.006'],
  actor: carol.username,
  mustFire: { mixed: ['binding-to-anonymous'] },
  steps: [
    creates(
      0,
      carolAdmin,
      'ClusterRoleBinding',
      clusterBinding('system:discovery-extra'),
      binding('edit', { ...RBAC, kind: 'Group', name: 'system:authenticated' }),
    ),
  ],
};

/** A label is all it takes: the controller copies the rules into view, which everybody has. */
export const aggregatedRole: Storyline = {
  name: 'aggregated-role',
  summary: "carol's new role has the label that puts its rules, reading secrets and opening shells, into the role view",
  attack: ['T1098.006'],
  actor: carol.username,
  mustFire: { mixed: ['aggregated-role-injection', 'dangerous-role-written'] },
  steps: [
    creates(0, carolAdmin, 'ClusterRole', clusterRole('metrics-view-extras'), {
      metadata: { labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } },
      rules: [
        { verbs: ['get', 'list'], apiGroups: [''], resources: ['secrets'] },
        { verbs: ['get', 'create'], apiGroups: [''], resources: ['pods/exec'] },
      ],
    }),
  ],
};

const roleWriter = holding(stolen(ACTORS.deployer, ACTORS.deployer.ip, 'kubectl/v1.33.1 (linux/amd64)'), 'role-writer');
const NOT_HELD =
  'clusterroles.rbac.authorization.k8s.io "deploy-extras" is forbidden: user "system:serviceaccount:ci:deployer" (groups=["system:serviceaccounts" "system:serviceaccounts:ci" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:["*"], Resources:["*"], Verbs:["*"]}';

/** The API server lets nobody give what they do not have, but for those who may escalate or bind. */
export const escalateAndBind: Storyline = {
  name: 'escalate-and-bind',
  summary:
    "The pipeline's account is refused rights that it does not hold, then writes a role that may bind and escalate",
  attack: ['T1098.006'],
  actor: roleWriter.username,
  mustFire: { metadata: ['escalation-check-refused'], mixed: ['dangerous-role-written', 'role-escalation-verbs'] },
  steps: [
    ...repeat(3, 0, 20, (at) =>
      creates(
        at,
        roleWriter,
        'ClusterRole',
        clusterRole('deploy-extras'),
        { rules: [ANYTHING] },
        { code: 403, refusal: NOT_HELD },
      ),
    ),
    creates(90, roleWriter, 'ClusterRole', clusterRole('deploy-extras'), {
      rules: [
        { verbs: ['bind', 'escalate'], apiGroups: ['rbac.authorization.k8s.io'], resources: ['clusterroles'] },
        { verbs: ['impersonate'], apiGroups: [''], resources: ['users', 'groups'] },
      ],
    }),
  ],
};

/** No body has the whole role or binding: operations say what is added, and where. */
export const hiddenInPatch: Storyline = {
  name: 'hidden-in-patch',
  summary: 'dave adds a rule to a harmless role and himself to a binding, both by JSON patch',
  attack: ['T1098.006'],
  actor: dave.username,
  mustFire: {
    mixed: ['dangerous-role-written', 'role-escalation-verbs', 'role-everything', 'subject-added-to-binding'],
  },
  steps: [
    patches(0, daveAdmin, clusterRole('pod-reader'), [{ op: 'add', path: '/rules/-', value: ANYTHING }]),
    patches(20, daveAdmin, clusterBinding('sre-admins'), [
      { op: 'add', path: '/subjects/-', value: { ...RBAC, kind: 'User', name: dave.username } },
    ]),
  ],
};

const pretender = stolen(fromPod, fromPod.ip, ACTORS.controllerManager.agent);

/** The name, the program and the object are all chosen by who acts; the role is not. */
export const disguised: Storyline = {
  name: 'disguised',
  summary:
    "A pod's token calls itself the controller manager, reads Helm's secrets in kube-system and binds cluster-admin under a name of the system",
  attack: ['T1036.005', 'T1552.007', 'T1098.006'],
  actor: fromPod.username,
  mustFire: { metadata: ['secrets-read', 'helm-release-read'], mixed: ['cluster-admin-bound'] },
  steps: [
    step(0, pretender, 'get', { resource: 'secrets', namespace: 'kube-system', name: 'sh.helm.release.v1.cilium.v4' }),
    creates(
      30,
      pretender,
      'ClusterRoleBinding',
      clusterBinding('system:controller:endpoint-sync'),
      binding('cluster-admin', { kind: 'ServiceAccount', name: 'endpoint-controller', namespace: 'prod' }),
    ),
  ],
};
