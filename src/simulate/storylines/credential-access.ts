/** Credentials: secrets, what keeps secrets without being one, and tokens in other hands. */
import { ACTORS, NAMESPACES, PEOPLE } from '../cluster.ts';
import { pathOf } from '../paths.ts';
import { asksForToken, creates, holding, REVIEW, stolen } from './actions.ts';
import { repeat, type Storyline, step } from './types.ts';

const [, bob, carol, , erin] = PEOPLE;
const thief = stolen(ACTORS.deployer, '203.0.113.7');
const PROBED = ['nodes', 'persistentvolumes', 'clusterroles', 'namespaces'] as const;

/** The token of the pipeline is used from the internet. */
export const stolenCiToken: Storyline = {
  name: 'stolen-ci-token',
  summary:
    "The pipeline's token is used from outside: it asks what it may do, reads secrets everywhere and makes itself a new token",
  attack: ['T1528', 'T1613', 'T1552.007'],
  actor: thief.username,
  mustFire: {
    metadata: [
      'requests-forbidden',
      'secrets-read',
      'service-account-token-created',
      'system-identity-from-public-ip',
      'serviceaccount-outside-cluster',
      'attack-chain',
    ],
    mixed: ['long-lived-token'],
  },
  steps: [
    step(0, thief, 'create', REVIEW),
    ...repeat(24, 15, 20, (at, index) =>
      step(at, thief, 'list', { resource: PROBED[index % PROBED.length] ?? 'nodes' }, { code: 403 }),
    ),
    ...NAMESPACES.map((namespace, index) => step(520 + index * 30, thief, 'list', { resource: 'secrets', namespace })),
    asksForToken(
      720,
      thief,
      { resource: 'serviceaccounts', namespace: 'payments', name: 'gateway' },
      { expirationSeconds: 31_536_000 },
    ),
  ],
};

const offPod = stolen(ACTORS.apiPod, '10.244.3.77', 'Go-http-client/2.0');

/** The token still names the pod that it was made for. */
export const tokenOffPod: Storyline = {
  name: 'token-off-pod',
  summary: 'The token of a pod of prod/api is used by that pod and, minutes later, from a pod on another node',
  attack: ['T1528', 'T1550.001'],
  actor: offPod.username,
  mustFire: { metadata: ['token-used-off-pod'] },
  steps: [
    step(0, ACTORS.apiPod, 'get', { resource: 'configmaps', namespace: 'prod', name: 'api' }),
    step(180, offPod, 'create', REVIEW),
    step(200, offPod, 'list', { resource: 'pods', namespace: 'prod' }),
  ],
};

const everywhere = holding(bob, 'cluster-reader');

/** A watch gives all that a list gives, and goes on. */
export const secretsWatched: Storyline = {
  name: 'secrets-watched',
  summary: 'bob lists the secrets of the whole cluster with one request and keeps a watch on them',
  attack: ['T1552.007'],
  actor: bob.username,
  mustFire: { metadata: ['secret-list-cluster-wide', 'secrets-read'] },
  steps: [
    step(0, everywhere, 'list', { resource: 'secrets' }, { uri: `${pathOf({ resource: 'secrets' })}?limit=500` }),
    step(
      20,
      everywhere,
      'watch',
      { resource: 'secrets' },
      {
        uri: `${pathOf({ resource: 'secrets' })}?resourceVersion=7312043&watch=true`,
        lastsMs: 420_000,
      },
    ),
  ],
};

/** One after the other, so that no list is in the log. */
export const secretsSwept: Storyline = {
  name: 'secrets-swept',
  summary: 'erin reads the secrets of three namespaces one by one, by names that she guesses',
  attack: ['T1552.007'],
  actor: erin.username,
  mustFire: { metadata: ['secret-read-burst', 'secrets-read'] },
  steps: repeat(30, 0, 4, (at, index) => {
    const namespace = NAMESPACES[index % 3] ?? 'prod';
    const ref = { resource: 'secrets', namespace, name: `app-${Math.floor(index / 3)}-credentials` };
    return step(at, erin, 'get', ref, index % 5 === 4 ? { code: 404 } : {});
  }),
};

/** A release holds every value that it was installed with. */
export const helmReleases: Storyline = {
  name: 'helm-releases',
  summary: 'carol reads the releases that Helm keeps in Secrets, with all the passwords they were installed with',
  attack: ['T1552.007'],
  actor: carol.username,
  mustFire: { metadata: ['helm-release-read', 'secrets-read'] },
  steps: repeat(3, 0, 8, (at, index) =>
    step(at, carol, 'get', {
      resource: 'secrets',
      namespace: 'payments',
      name: `sh.helm.release.v1.ledger.v${index + 4}`,
    }),
  ),
};

/** Everybody may read ConfigMaps. */
export const passwordInConfigMap: Storyline = {
  name: 'password-in-configmap',
  summary: 'bob copies the password of a database into a ConfigMap, where all may read it',
  attack: ['T1552.007', 'T1074'],
  actor: bob.username,
  mustFire: { metadata: ['secrets-read'], request: ['configmap-with-credentials'] },
  steps: [
    step(0, bob, 'get', { resource: 'secrets', namespace: 'prod', name: 'orders-db' }),
    creates(
      25,
      bob,
      'ConfigMap',
      { resource: 'configmaps', namespace: 'prod', name: 'orders-settings' },
      { data: { 'db.url': 'postgres://orders:hunter2@orders-db:5432/orders', DB_PASSWORD: 'hunter2' } },
    ),
  ],
};
