import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { patchedObject } from '../../../src/audit/facts/bodies.ts';
import { factsFor } from '../../support/events.ts';

const rolesRef = { resource: 'clusterroles', apiGroup: 'rbac.authorization.k8s.io', name: 'r' };
const rbac = (requestObject: unknown, changes = {}): unknown =>
  factsFor({ verb: 'create', level: 'Request', objectRef: rolesRef, requestObject, ...changes }).rbac;
const dangers = (...rules: readonly object[]): unknown => (rbac({ rules }) as { dangerous?: unknown }).dangerous;
const rule = (group: string, resource: string, ...verbs: readonly string[]): object => ({
  apiGroups: [group],
  resources: [resource],
  verbs,
});

describe('rbac of a role', () => {
  it('lists what each rule grants, group and verb with the resource', () => {
    expect(rbac({ rules: [rule('', 'pods', 'get'), rule('apps', 'deployments', 'patch', 'get')] })).toEqual({
      grants: ['pods:get', 'apps/deployments:patch', 'apps/deployments:get'],
      verbs: ['get', 'patch'],
      resources: ['pods', 'deployments'],
    });
  });

  it.each([
    ['wildcard-verb', rule('', 'pods', '*')],
    ['wildcard-resource', rule('', '*', 'get')],
    ['wildcard-resource', { nonResourceURLs: ['*'], verbs: ['get'] }],
    ['escalate', rule('rbac.authorization.k8s.io', 'clusterroles', 'escalate')],
    ['bind', rule('rbac.authorization.k8s.io', 'roles', 'bind')],
    ['impersonate', rule('', 'serviceaccounts', 'impersonate')],
    ['secrets-read', rule('', 'secrets', 'list')],
    ['pod-exec', rule('', 'pods/exec', 'create')],
    ['pod-exec', rule('', 'pods/*', 'create')],
    ['token-create', rule('', 'serviceaccounts/token', 'create')],
    ['node-proxy', rule('', 'nodes/proxy', 'get')],
    ['rbac-write', rule('rbac.authorization.k8s.io', 'rolebindings', 'create')],
  ])('calls %s dangerous: %j', (danger, dangerous) => {
    expect(dangers(dangerous)).toContain(danger);
  });

  it('sees every danger in a role that allows everything', () => {
    expect(dangers(rule('*', '*', '*'))).toHaveLength(10);
  });

  it.each([
    [[rule('', 'pods', 'get', 'list', 'watch')]],
    [[rule('policy', 'podsecuritypolicies', 'use')]],
    [[rule('', 'secrets', 'create'), rule('', 'pods', 'get')]],
    [[rule('example.com', 'roles', 'bind')]],
  ])('finds %j harmless', (rules) => {
    expect(dangers(...rules)).toBeUndefined();
  });

  it('keeps at most 256 values of rules of any size, in no time', () => {
    const many = Array.from({ length: 5000 }, (_, index) => `r${index % 3000}`);
    const facts = rbac({ rules: [{ apiGroups: many, resources: many, verbs: many }] });
    expect((facts as { grants: readonly string[] }).grants).toHaveLength(256);
  });
});

describe('rbac of a binding', () => {
  it('names the role and who gets it', () => {
    const facts = rbac({
      roleRef: { name: 'cluster-admin' },
      subjects: [
        { kind: 'User', name: 'eve' },
        { kind: 'Group', name: 'system:masters' },
        { kind: 'ServiceAccount', namespace: 'ci', name: 'builder' },
        { kind: 'User' },
        'odd',
      ],
    });
    expect(facts).toEqual({
      role: 'cluster-admin',
      subjects: ['User/eve', 'Group/system:masters', 'ServiceAccount/ci/builder'],
    });
  });

  it('says nothing of what a read returns', () => {
    expect(rbac({ rules: [rule('*', '*', '*')] }, { verb: 'get' })).toBeUndefined();
  });
});

const pod = (spec: object, changes = {}): unknown =>
  factsFor({ verb: 'create', level: 'Request', objectRef: { resource: 'pods' }, requestObject: { spec }, ...changes })
    .pod;

describe('pod', () => {
  it('gathers what the containers of a pod may do', () => {
    const spec = {
      hostNetwork: true,
      hostPID: true,
      serviceAccountName: 'builder',
      containers: [
        { image: 'a:1' },
        { image: 'b:2', securityContext: { capabilities: { add: ['NET_ADMIN'] }, runAsUser: 0 } },
      ],
      initContainers: [{ image: 'c:3', securityContext: { privileged: true } }],
      volumes: [{ hostPath: { path: '/' } }, { emptyDir: {} }],
    };
    expect(pod(spec)).toEqual({
      images: ['a:1', 'b:2', 'c:3'],
      privileged: true,
      host_network: true,
      host_pid: true,
      host_paths: ['/'],
      added_capabilities: ['NET_ADMIN'],
      run_as_root: true,
      service_account: 'builder',
    });
  });

  it.each([
    ['deployments', { template: { spec: { hostIPC: true } } }],
    ['cronjobs', { jobTemplate: { spec: { template: { spec: { hostIPC: true } } } } }],
  ])('looks into the template of %s', (resource, spec) => {
    expect(pod(spec, { objectRef: { resource } })).toEqual({ host_ipc: true });
  });

  it("lets a container's user beat its pod's", () => {
    const containers = [{ securityContext: { runAsUser: 1000 } }];
    expect(pod({ securityContext: { runAsUser: 0 }, containers })).toEqual({});
  });

  it('is absent where there is no pod', () => {
    expect(pod({ replicas: 3 }, { objectRef: { resource: 'deployments', subresource: 'scale' } })).toBeUndefined();
  });
});

describe('secret keys', () => {
  it('are names only, whatever the verb', () => {
    const responseObject = {
      kind: 'SecretList',
      items: [{ data: { user: 'eA==', password: 'eQ==' } }, { stringData: { token: 'z' } }],
    };
    expect(factsFor({ verb: 'list', responseObject }).secret_keys).toEqual(['user', 'password', 'token']);
  });
});

describe('patchedObject', () => {
  it('builds what a JSON Patch adds', () => {
    const patch = [
      { op: 'test', path: '/metadata/name', value: 'x' },
      { op: 'add', path: '/rules/-', value: { verbs: ['*'] } },
      { op: 'replace', path: '/metadata/labels/a~1b', value: 'c' },
      { op: 'remove', path: '/spec' },
    ];
    expect(patchedObject(patch)).toEqual({ rules: [{ verbs: ['*'] }], metadata: { labels: { 'a/b': 'c' } } });
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.array(fc.jsonValue()), (operations) => patchedObject(operations) !== null));
    const operation = fc.record({
      op: fc.constant('add'),
      path: fc.string().map((path) => `/${path}`),
      value: fc.jsonValue(),
    });
    fc.assert(fc.property(fc.array(operation), (operations) => patchedObject(operations) !== null));
  });
});
