import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { factsFor } from '../../support/events.ts';

const refused = (code: number, message?: string): unknown => factsFor({ responseStatus: { code, message } }).rejected;
const POLICY = `ValidatingAdmissionPolicy 'limits.example.com' with binding 'prod' denied request: too many replicas`;

describe('what turned a request down', () => {
  it.each<[number, string | undefined, unknown]>([
    [403, 'admission webhook "gate.example.com" denied the request: no', { gate: 'webhook', by: 'gate.example.com' }],
    [
      500,
      'Internal error occurred: failed calling webhook "gate.example.com": failed to call webhook: Post "https://x"',
      { gate: 'webhook-failed', by: 'gate.example.com' },
    ],
    [
      422,
      `deployments.apps "web" is forbidden: ${POLICY}`,
      { gate: 'policy', by: 'limits.example.com', binding: 'prod' },
    ],
    [
      403,
      'pods "x" is forbidden: violates PodSecurity "restricted:latest": privileged',
      { gate: 'pod-security', by: 'restricted:latest' },
    ],
    [
      403,
      'pods "x" is forbidden: exceeded quota: team, requested: pods=1, used: pods=5, limited: pods=5',
      { gate: 'quota', by: 'team' },
    ],
    [403, 'pods "x" is forbidden: maximum cpu usage per Container is 1, but limit is 2', { gate: 'limit-range' }],
    [
      403,
      'clusterroles.rbac.authorization.k8s.io "r" is forbidden: user "eve" (groups=["dev"]) is attempting to grant RBAC permissions not currently held:\n{...}',
      { gate: 'rbac-escalation' },
    ],
    [
      403,
      'pods "x" is forbidden: node "n1" can only delete pods with spec.nodeName set to itself',
      { gate: 'node-restriction', by: 'n1' },
    ],
    [
      403,
      `secrets "s" is forbidden: User "system:node:n1" cannot get resource "secrets": no relationship found between node 'n1' and this object`,
      { gate: 'node-relationship', by: 'n1' },
    ],
    [
      403,
      'pods "x" is forbidden: unable to create new content in namespace a because it is being terminated',
      { gate: 'namespace-terminating' },
    ],
    [429, "Cannot evict pod as it would violate the pod's disruption budget.", { gate: 'disruption-budget' }],
    [429, undefined, { gate: 'flow-control' }],
    [429, 'Too many requests, please try again later.', { gate: 'flow-control' }],
    [
      429,
      'the server has received too many requests and has asked us to try again later (get pods)',
      { gate: 'flow-control' },
    ],
    [
      403,
      'users "admin" is forbidden: User "eve" cannot impersonate resource "users" in API group ""',
      { gate: 'impersonation' },
    ],
  ])('%s %s', (code, message, rejected) => {
    expect(refused(code, message)).toEqual(rejected);
  });

  it.each<[number, string | undefined]>([
    [200, 'admission webhook "x" denied the request'],
    [403, 'pods is forbidden: User "eve" cannot list resource "pods" in API group ""'],
    [409, 'Operation cannot be fulfilled'],
    [404, undefined],
    [429, 'storage is (re)initializing'],
    [404, 'pods "the server has received too many requests and has asked us to try again later" not found'],
  ])('nothing special: %s %s', (code, message) => {
    expect(refused(code, message)).toBeUndefined();
  });

  it('is admission, whatever the code that a policy chose', () => {
    const responseStatus = { code: 422, message: `pods "x" is forbidden: ${POLICY}` };
    expect(factsFor({ responseStatus }).outcome).toBe('admission');
    const quoted = { code: 422, message: `Pod "x" is invalid: spec.a: Invalid value: "${POLICY}"` };
    expect(factsFor({ responseStatus: quoted }).outcome).toBe('client');
  });

  it('is named in at most 1024 characters', () => {
    const by = 'x'.repeat(100_000);
    expect(refused(403, `admission webhook "${by}" denied the request`)).toEqual({
      gate: 'webhook',
      by: 'x'.repeat(1024),
    });
  });
});

describe('what a server error says', () => {
  const failure = (code: number, message?: string): unknown => factsFor({ responseStatus: { code, message } }).failure;

  it('is the first line, without the stack of a panic', () => {
    const stack =
      'goroutine 841 [running]:\nk8s.io/apiserver/pkg/server/filters.(*timeoutHandler).ServeHTTP(0xc000a1e2d0)';
    expect(failure(500, `APIServer panic'd: index out of range [5]\n${stack}`)).toBe(
      "APIServer panic'd: index out of range [5]",
    );
    expect(failure(500, '\r\n\n  etcdserver: leader changed\r\nmore')).toBe('etcdserver: leader changed');
  });

  it.each<[number, string | undefined]>([
    [404, 'pods "x" not found'],
    [200, 'Connection closed early'],
    [504, undefined],
    [500, ' \n\r\n'],
  ])('is nothing: %s %j', (code, message) => {
    expect(failure(code, message)).toBeUndefined();
  });

  it('is one line of at most 256 characters and of whole ones, whatever is sent', () => {
    expect(failure(503, `${'x'.repeat(255)}\u{1f600}`)).toBe('x'.repeat(255));
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(400), (text, times) => {
        const said = factsFor({ responseStatus: { code: 500, message: text.repeat(times) } }).failure;
        expect(said ?? 'x').toMatch(/^[^\r\n]{1,256}$/);
      }),
    );
  });
});
