/** From outside: no credential, a guessed one, a stolen one. */
import { ACTORS, PEOPLE, person } from '../cluster.ts';
import type { Actor } from '../request.ts';
import { BATCH, creates, REVIEW, stolen } from './actions.ts';
import { repeat, type Storyline, step } from './types.ts';

const stranger: Actor = { ...ACTORS.anonymous, ip: '203.0.113.23', agent: 'python-requests/2.32.3' };
const GUESSES = ['pods', 'secrets', 'nodes', 'services', 'configmaps', 'serviceaccounts'] as const;

/** Somebody without credentials tries every door, and one is open. */
export const anonymousRecon: Storyline = {
  name: 'anonymous-recon',
  summary: 'A stranger without credentials tries resource after resource and may list the ConfigMaps of one namespace',
  attack: ['T1190', 'T1613'],
  actor: stranger.username,
  mustFire: { metadata: ['anonymous-request-allowed', 'anonymous-probing', 'requests-forbidden'] },
  steps: [
    ...repeat(24, 0, 12, (at, index) => {
      const resource = GUESSES[index % GUESSES.length] ?? 'pods';
      return step(at, stranger, 'list', index < 12 ? { resource } : { resource, namespace: 'staging' }, { code: 403 });
    }),
    ...repeat(3, 300, 20, (at) =>
      step(
        at,
        stranger,
        'list',
        { resource: 'configmaps', namespace: 'staging' },
        {
          reason:
            'RBAC: allowed by RoleBinding "public-config/staging" of Role "config-reader" to Group "system:unauthenticated"',
        },
      ),
    ),
  ],
};

const scanner: Actor = { ...ACTORS.anonymous, ip: '203.0.113.61', agent: 'Go-http-client/2.0' };
const OPEN = {
  reason: 'RBAC: allowed by ClusterRoleBinding "open" of ClusterRole "cluster-admin" to Group "system:unauthenticated"',
};

/** A cluster that is open to everybody pays for somebody's coins. */
export const anonymousMiner: Storyline = {
  name: 'anonymous-miner',
  summary: 'A scanner finds that everybody may write, and starts a miner as a CronJob with an innocent name',
  attack: ['T1190', 'T1610', 'T1496.001'],
  actor: scanner.username,
  mustFire: { metadata: ['anonymous-write', 'anonymous-request-allowed'], mixed: ['suspicious-image-or-name'] },
  steps: [
    step(0, scanner, 'list', { resource: 'pods' }, OPEN),
    creates(
      20,
      scanner,
      'CronJob',
      { ...BATCH, resource: 'cronjobs', namespace: 'default', name: 'api-proxy' },
      {
        spec: {
          schedule: '*/5 * * * *',
          jobTemplate: {
            spec: {
              template: {
                spec: {
                  restartPolicy: 'Never',
                  containers: [
                    {
                      name: 'api-proxy',
                      image: 'docker.io/library/alpine:3',
                      command: ['/tmp/x', '-o', 'stratum+tcp://203.0.113.80:3333', '--donate-level=1'],
                    },
                  ],
                },
              },
            },
          },
        },
      },
      OPEN,
    ),
  ],
};

const sprayed = person('frank', '203.0.113.99');

/** Many wrong credentials from one address, then a right one. */
export const passwordSpray: Storyline = {
  name: 'password-spray',
  summary: 'Forty failed logins from one address within eight minutes, then one that works',
  attack: ['T1110', 'T1078'],
  actor: sprayed.username,
  mustFire: { metadata: ['authentication-failures'] },
  steps: [
    ...repeat(40, 0, 12, (at) => step(at, sprayed, 'list', { resource: 'pods', namespace: 'prod' }, { code: 401 })),
    step(500, sprayed, 'list', { resource: 'pods', namespace: 'prod' }),
    step(520, sprayed, 'create', REVIEW),
  ],
};

const [, , carol] = PEOPLE;
const carolElsewhere = stolen(carol, '203.0.113.41');

/** The same certificate from a place where its owner never was. */
export const stolenKubeconfig: Storyline = {
  name: 'stolen-kubeconfig',
  summary:
    "carol's kubeconfig is used from an address that she never came from, and reads the secrets of two namespaces",
  attack: ['T1078', 'T1552.007'],
  actor: carol.username,
  mustFire: { metadata: ['new-source-for-user', 'secrets-read'] },
  steps: [
    step(0, carolElsewhere, 'get', { resource: 'namespaces', namespace: 'prod', name: 'prod' }),
    step(10, carolElsewhere, 'create', REVIEW),
    step(30, carolElsewhere, 'list', { resource: 'secrets', namespace: 'prod' }),
    step(45, carolElsewhere, 'list', { resource: 'secrets', namespace: 'staging' }),
  ],
};
