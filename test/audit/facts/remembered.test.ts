import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { factsJson, factsOf } from '../../../src/audit/facts/index.ts';
import { eventOf } from '../../support/events.ts';

const names = fc.constantFrom('', 'a', '1:a', 'system:node:n', 'system:serviceaccount:ns:sa', 'kubectl/v1', undefined);
const user = fc.record({
  username: names,
  extra: fc.option(
    fc.dictionary(
      fc.constantFrom('pod-name', 'node-name', 'credential-id').map((key) => `authentication.kubernetes.io/${key}`),
      fc.array(fc.constantFrom('x', 'y')),
    ),
    { nil: undefined },
  ),
});
/** Events that differ in little, so that what one of them was remembered by might be another's. */
const events = fc
  .record({
    stage: fc.constantFrom('RequestReceived', 'ResponseStarted', 'ResponseComplete', 'Panic'),
    verb: fc.constantFrom('get', 'create', 'delete', 'deletecollection', 'x'),
    requestURI: fc.constantFrom('/a', '/a?dryRun=All'),
    user,
    impersonatedUser: fc.option(user, { nil: undefined }),
    sourceIPs: fc.array(fc.constantFrom('10.0.0.1', '::1', 'bogus'), { maxLength: 3 }),
    userAgent: names,
    objectRef: fc.option(
      fc.record({
        resource: fc.constantFrom('pods', 'secrets', 'tokenreviews', undefined),
        subresource: fc.constantFrom('exec', 'eviction', 'token', undefined),
        apiGroup: fc.constantFrom('authentication.k8s.io', 'apps', undefined),
        name: names,
      }),
      { nil: undefined },
    ),
    responseStatus: fc.option(
      fc.record({
        code: fc.constantFrom(200, 400, 401, 403, 409, 429, 500),
        message: fc.constantFrom(
          'admission webhook "x" denied',
          `pods "x" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no`,
          'no',
        ),
      }),
      { nil: undefined },
    ),
    annotations: fc.dictionary(
      fc.constantFrom('authorization.k8s.io/decision', 'authorization.k8s.io/reason', 'audit.k8s.io/truncated'),
      fc.constantFrom(
        'allow',
        'forbid',
        'true',
        'RBAC: allowed by ClusterRoleBinding "b" of ClusterRole "r" to User "u"',
      ),
    ),
    requestObject: fc.constantFrom(undefined, { dryRun: ['All'] }),
  })
  .map((changes) => eventOf(changes));

describe('facts that are remembered', () => {
  it('are those of the event itself, whatever was seen before', () => {
    fc.assert(
      fc.property(fc.array(events, { minLength: 2, maxLength: 20 }), (list) => {
        for (const event of [...list, ...list]) {
          expect(JSON.parse(`{${factsJson(event)}}`)).toEqual(JSON.parse(JSON.stringify(factsOf(event))));
        }
      }),
      { numRuns: 500 },
    );
  });
});
