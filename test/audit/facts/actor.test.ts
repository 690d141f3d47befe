import { describe, expect, it } from 'vitest';
import { factsFor } from '../../support/events.ts';

const actor = (username: string | undefined, changes = {}): unknown =>
  factsFor({ user: { username }, ...changes }).actor;

describe('actor', () => {
  it.each([
    ['alice@example.com', { type: 'person' }],
    ['kubernetes-admin', { type: 'person' }],
    ['system:serviceaccount:ci:deployer', { type: 'serviceaccount', namespace: 'ci' }],
    ['system:node:worker-1', { type: 'node', node: 'worker-1' }],
    ['system:kube-controller-manager', { type: 'control-plane' }],
    ['system:kube-scheduler', { type: 'control-plane' }],
    ['system:apiserver', { type: 'control-plane' }],
    ['system:kube-apiserver', { type: 'control-plane' }],
    ['system:cloud-controller-manager', { type: 'control-plane' }],
    ['system:kube-proxy', { type: 'system' }],
    ['system:kube-backdoor', { type: 'system' }],
    ['system:kube-', { type: 'system' }],
    ['system:masters', { type: 'system' }],
    ['system:anonymous', { type: 'anonymous' }],
    ['system:bootstrap:abcdef', { type: 'bootstrap' }],
    ['system:admin', { type: 'system' }],
  ])('%s', (name, facts) => {
    expect(actor(name)).toEqual({ name, ...facts });
  });

  it('is nobody where the login failed', () => {
    expect(factsFor({ user: {} }).actor).toEqual({ type: 'none' });
  });

  it('is the impersonated user, with the impersonator beside it', () => {
    expect(actor('alice', { impersonatedUser: { username: 'system:serviceaccount:ci:deployer' } })).toEqual({
      type: 'serviceaccount',
      name: 'system:serviceaccount:ci:deployer',
      namespace: 'ci',
      impersonator: 'alice',
    });
    expect(actor('alice', { impersonatedUser: null })).toEqual({ type: 'person', name: 'alice' });
  });

  it('knows the pod and node that a token is bound to', () => {
    const extra = {
      'authentication.kubernetes.io/pod-name': ['api-1'],
      'authentication.kubernetes.io/node-name': ['n1'],
    };
    expect(factsFor({ user: { username: 'system:serviceaccount:a:b', extra } }).actor).toMatchObject({
      pod: 'api-1',
      node: 'n1',
    });
  });
});

describe('agent', () => {
  it.each([
    ['kubectl/v1.31.2 (linux/amd64) kubernetes/5864a46', { tool: 'kubectl', version: 'v1.31.2', class: 'cli' }],
    ['curl/8.5.0', { tool: 'curl', version: '8.5.0', class: 'script' }],
    ['kube-probe/1.31', { tool: 'kube-probe', version: '1.31', class: 'probe' }],
    ['kubelet/v1.31.2 (linux/amd64)', { tool: 'kubelet', version: 'v1.31.2', class: 'controller' }],
    ['Mozilla/5.0 (X11)', { tool: 'Mozilla', version: '5.0', class: 'browser' }],
    ['nothing-known', { tool: 'nothing-known', class: 'unknown' }],
  ])('%s', (userAgent, agent) => {
    expect(factsFor({ userAgent }).agent).toEqual(agent);
  });

  it.each([
    'kube-controller-manager',
    'kube-apiserver',
    'kube-state-metrics',
    'cloud-controller-manager',
    'cart-operator',
    'manager',
    'argocd-application-controller',
    'nginx-ingress-controller',
    'metrics-server',
    'fluent-bit',
    'fluentd',
    'cilium-agent',
    'local-path-provisioner',
  ])('calls %s a controller', (tool) => {
    expect(factsFor({ userAgent: `${tool}/v1` }).agent).toMatchObject({ tool, class: 'controller' });
  });

  it('reads a name of any length in no time', () => {
    const userAgent = `${'-agent'.repeat(100_000)}\n!`;
    expect(factsFor({ userAgent }).agent).toMatchObject({ class: 'controller' });
  });

  it.each([
    'kube-hunter',
    'kube-bench',
    'kube-evil-controller',
    'kube-apiserver2',
    'kubelets',
    'observer',
    'proxychains',
    'reagent',
    'calicoish',
    'uptimes',
  ])('does not take %s for one, or for a probe, because a part of its name is that of one', (tool) => {
    expect(factsFor({ userAgent: `${tool}/v1` }).agent).toMatchObject({ tool, class: 'unknown' });
  });
});
