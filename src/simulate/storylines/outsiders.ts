import { ACTORS, person } from '../cluster.ts';
import type { Actor } from '../request.ts';
import { repeat, type Storyline, step } from './types.ts';

const stranger: Actor = { ...ACTORS.anonymous, ip: '203.0.113.23', agent: 'python-requests/2.32.3' };
const GUESSES = ['pods', 'secrets', 'nodes', 'services', 'configmaps', 'serviceaccounts'] as const;

/** Somebody without credentials tries every door, and one is open. */
export const anonymousRecon: Storyline = {
  name: 'anonymous-recon',
  summary: 'A stranger without credentials tries resource after resource and may list the ConfigMaps of one namespace',
  attack: ['T1190', 'T1613'],
  actor: stranger.username,
  mustFire: ['anonymous-request-allowed', 'requests-forbidden'],
  needsBodies: [],
  steps: [
    ...repeat(24, 0, 12, (at, index) =>
      step(at, stranger, 'list', { resource: GUESSES[index % GUESSES.length] ?? 'pods' }, { code: 403 }),
    ),
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

const sprayed = person('frank', '203.0.113.99');

/** Many wrong credentials from one address, then a right one. */
export const passwordSpray: Storyline = {
  name: 'password-spray',
  summary: 'Forty failed logins from one address within eight minutes, then one that works',
  attack: ['T1110', 'T1078'],
  actor: sprayed.username,
  mustFire: ['authentication-failures'],
  needsBodies: [],
  steps: [
    ...repeat(40, 0, 12, (at) => step(at, sprayed, 'list', { resource: 'pods', namespace: 'prod' }, { code: 401 })),
    step(500, sprayed, 'list', { resource: 'pods', namespace: 'prod' }),
    step(520, sprayed, 'create', { resource: 'selfsubjectrulesreviews', apiGroup: 'authorization.k8s.io' }),
  ],
};
