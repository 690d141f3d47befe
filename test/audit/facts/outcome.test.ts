import { describe, expect, it } from 'vitest';
import { factsFor } from '../../support/events.ts';

const allow = { 'authorization.k8s.io/decision': 'allow' };
const forbid = { 'authorization.k8s.io/decision': 'forbid' };

describe('outcome', () => {
  it.each([
    [{ responseStatus: { code: 200 } }, 'success', 'success'],
    [{ responseStatus: { code: 101 } }, 'success', 'success'],
    [{ responseStatus: { code: 403 }, annotations: forbid }, 'authorization', 'failure'],
    [{ responseStatus: { code: 403 }, annotations: allow }, 'admission', 'failure'],
    [{ responseStatus: { code: 403 }, annotations: undefined }, 'authorization', 'failure'],
    [{ responseStatus: { code: 400, message: 'admission webhook "a.b" denied the request' } }, 'admission', 'failure'],
    [{ responseStatus: { code: 401 }, stage: 'ResponseStarted', user: {} }, 'authentication', 'failure'],
    [{ responseStatus: { code: 404 } }, 'client', 'failure'],
    [{ responseStatus: { code: 409 } }, 'conflict', 'failure'],
    [{ responseStatus: { code: 429 } }, 'throttled', 'failure'],
    [{ responseStatus: { code: 500 } }, 'server', 'failure'],
    [{ responseStatus: { code: 500 }, stage: 'Panic' }, 'server', 'failure'],
    [{ responseStatus: undefined, stage: 'RequestReceived' }, undefined, 'unknown'],
  ])('%j', (changes, outcome, result) => {
    const facts = factsFor(changes);
    expect([facts.outcome, facts.result]).toEqual([outcome, result]);
  });
});

describe('terminal', () => {
  it.each([
    [{ stage: 'RequestReceived' }, false],
    [{ stage: 'ResponseStarted' }, false],
    [{ stage: 'ResponseStarted', user: {} }, true],
    [{ stage: 'ResponseComplete' }, true],
    [{ stage: 'Panic' }, true],
  ])('%j: %s', (changes, terminal) => {
    expect(factsFor(changes).terminal).toBe(terminal);
  });
});

describe('latency', () => {
  it('is the time from received to this stage', () => {
    expect(factsFor().latency_us).toBe(2500);
  });

  it('is absent where the clock ran backwards', () => {
    expect(factsFor({ stageTimestamp: '2026-03-02T09:41:06Z' })).not.toHaveProperty('latency_us');
  });
});

describe('authz', () => {
  const authz = (reason: string): unknown =>
    factsFor({ annotations: { ...allow, 'authorization.k8s.io/reason': reason } }).authz;

  it.each([
    [
      'RBAC: allowed by ClusterRoleBinding "kubeadm:cluster-admins" of ClusterRole "cluster-admin" to Group "kubeadm:cluster-admins"',
      { role: 'ClusterRole/cluster-admin', binding: 'ClusterRoleBinding/kubeadm:cluster-admins' },
    ],
    [
      'RBAC: allowed by RoleBinding "read/prod" of Role "reader" to User "alice"',
      { role: 'Role/reader', binding: 'RoleBinding/prod/read' },
    ],
  ])('%s', (reason, facts) => {
    expect(authz(reason)).toEqual(facts);
  });

  it.each(['', 'allowed by webhook', 'RBAC: allowed by'])('says nothing for "%s"', (reason) => {
    expect(authz(reason)).toBeUndefined();
  });
});
