import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { patchedParts } from '../../../src/audit/facts/bodies.ts';
import { factsFor } from '../../support/events.ts';
import { applyPatch, leavesOf, type Operation } from '../../support/json-patch.ts';

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
    ['everything', rule('*', '*', '*')],
    ['everything', rule('', '*', '*')],
    ['everything', { apiGroups: ['apps', ''], resources: ['pods', '*'], verbs: ['get', '*'] }],
    ['wildcard-verb', rule('', 'pods', '*')],
    ['wildcard-resource', rule('', '*', 'get')],
    ['wildcard-resource', { nonResourceURLs: ['*'], verbs: ['get'] }],
    ['escalate', rule('rbac.authorization.k8s.io', 'clusterroles', 'escalate')],
    ['bind', rule('rbac.authorization.k8s.io', 'roles', 'bind')],
    ['impersonate', rule('', 'serviceaccounts', 'impersonate')],
    ['secrets-read', rule('', 'secrets', 'list')],
    ['pod-exec', rule('', 'pods/exec', 'create')],
    ['pod-exec', rule('', '*/exec', 'create')],
    ['token-create', rule('', 'serviceaccounts/token', 'create')],
    ['node-proxy', rule('', 'nodes/proxy', 'get')],
    ['impersonate', rule('authentication.k8s.io', 'uids', 'impersonate')],
    ['impersonate', rule('authentication.k8s.io', 'userextras/scopes', 'impersonate')],
    ['impersonate', rule('authentication.k8s.io', 'users', 'impersonate:user-info')],
    ['secrets-read', rule('', 'secrets', 'patch')],
    ['secrets-read', rule('', 'secrets', 'deletecollection')],
    ['debug', rule('', 'pods/ephemeralcontainers', 'patch')],
    ['debug', rule('', '*/ephemeralcontainers', 'update')],
    ['csr-approve', rule('certificates.k8s.io', 'signers', 'approve')],
    ['csr-approve', rule('certificates.k8s.io', 'certificatesigningrequests/approval', 'update')],
    ['webhook-write', rule('admissionregistration.k8s.io', 'mutatingwebhookconfigurations', 'patch')],
    ['workload-create', rule('', 'pods', 'create')],
    ['workload-create', rule('batch', 'cronjobs', 'create')],
    ['daemonset-create', rule('apps', 'daemonsets', 'create')],
    ['rbac-write', rule('rbac.authorization.k8s.io', 'rolebindings', 'create')],
  ])('calls %s dangerous: %j', (danger, dangerous) => {
    expect(dangers(dangerous)).toContain(danger);
  });

  it('sees every danger in a role that allows everything', () => {
    expect(dangers(rule('*', '*', '*'))).toHaveLength(16);
  });

  it.each([
    [[rule('', 'pods', 'get', 'list', 'watch')]],
    [[rule('policy', 'podsecuritypolicies', 'use')]],
    [[rule('', 'secrets', 'create'), rule('', 'pods', 'get')]],
    [[rule('example.com', 'roles', 'bind')]],
    [[rule('authentication.k8s.io', 'tokenreviews', 'create')]],
    [[rule('certificates.k8s.io', 'certificatesigningrequests', 'create', 'update')]],
    [[rule('certificates.k8s.io', 'signers', 'sign')]],
    [[rule('apps', 'daemonsets', 'update', 'patch')]],
    [[rule('', 'secrets', 'update', 'delete')]],
    [[rule('', 'pods/ephemeralcontainers', 'get')]],
    [[rule('', 'pods/*', 'create', 'get')]],
  ])('finds %j harmless', (rules) => {
    expect(dangers(...rules)).toBeUndefined();
  });

  it.each([
    [[rule('example.com', '*', '*')]],
    [[rule('*', '*', 'get', 'list')]],
    [[rule('', 'secrets', '*'), rule('', '*', 'get')]],
    [[{ nonResourceURLs: ['*'], verbs: ['*'] }]],
  ])('does not call %j everything', (rules) => {
    expect(dangers(...rules)).not.toContain('everything');
  });

  it('finds everything behind any number of other grants', () => {
    const padding = Array.from({ length: 300 }, (_, index) => rule('example.com', `r${index}`, 'get'));
    const facts = rbac({ rules: [...padding, rule('*', '*', '*')] }) as { grants: unknown; dangerous: unknown };
    expect(facts.grants).toHaveLength(256);
    expect(facts.dangerous).toContain('everything');
    expect(facts).not.toHaveProperty('presumed');
  });

  it('keeps at most 256 values of rules of any size, in no time', () => {
    const many = Array.from({ length: 5000 }, (_, index) => `r${index % 3000}`);
    const facts = rbac({ rules: [{ apiGroups: many, resources: many, verbs: many }] });
    expect((facts as { grants: readonly string[] }).grants).toHaveLength(256);
  });
});

describe('rbac of a rule that is patched', () => {
  const patch = (...operations: readonly object[]): object => ({
    ...factsFor({ verb: 'patch', level: 'Request', objectRef: rolesRef, requestObject: operations }),
  });

  it('takes what the patch does not say for anything, and says that it is not said', () => {
    expect(patch({ op: 'add', path: '/rules/0/verbs/-', value: 'escalate' })).toMatchObject({
      body: 'partial',
      rbac: { dangerous: ['escalate'], grants: ['?/?:escalate'], verbs: ['escalate'] },
    });
    expect(patch({ op: 'add', path: '/rules/2/resources/-', value: 'secrets' })).toMatchObject({
      body: 'partial',
      rbac: { dangerous: ['secrets-read'], grants: ['?/secrets:?'] },
    });
  });

  it('tells apart what nothing that is said shows', () => {
    const get = patch({ op: 'add', path: '/rules/0/verbs/-', value: 'get' });
    const presumed = ['secrets-read', 'pod-exec', 'node-proxy'];
    expect(get).toMatchObject({ rbac: { dangerous: presumed, presumed } });
    const shown = patch(
      { op: 'add', path: '/rules/0/verbs/-', value: 'get' },
      { op: 'add', path: '/rules/-', value: rule('', 'secrets', 'get') },
    );
    expect(shown).toMatchObject({ rbac: { dangerous: presumed, presumed: ['pod-exec', 'node-proxy'] } });
    const star = patch({ op: 'replace', path: '/rules/0/verbs/0', value: '*' });
    expect(star).toMatchObject({ rbac: { dangerous: expect.arrayContaining(['everything', 'wildcard-verb']) } });
    expect((star as { rbac: { presumed: readonly string[] } }).rbac.presumed).toContain('everything');
    expect((star as { rbac: { presumed: readonly string[] } }).rbac.presumed).not.toContain('wildcard-verb');
  });

  it('presumes nothing of a rule that is written whole', () => {
    expect(rbac({ rules: [rule('', 'secrets', 'get')] })).not.toHaveProperty('presumed');
  });

  it('loses no operation to another one', () => {
    const all = rule('*', '*', '*');
    const facts = patch(
      { op: 'replace', path: '/rules', value: [all] },
      { op: 'add', path: '/rules/-', value: rule('', 'pods', 'get') },
    );
    expect(facts).toMatchObject({ rbac: { grants: ['*/*:*', 'pods:get'] } });
    expect(facts).not.toHaveProperty('body');
  });

  it('looks at all operations', () => {
    const tests = Array.from({ length: 5000 }, () => ({ op: 'test', path: '/metadata/name', value: 'r' }));
    const last = { op: 'add', path: '/rules/-', value: rule('*', '*', '*') };
    expect(patch(...tests, last)).toMatchObject({ rbac: { grants: ['*/*:*'] } });
  });

  it('says that it does not know what is copied', () => {
    expect(patch({ op: 'copy', from: '/rules/0/resources/0', path: '/rules/0/verbs/0' })).toMatchObject({
      body: 'partial',
    });
  });

  it('believes the role that came of it where that is logged, not its own guess', () => {
    const requestObject = [{ op: 'add', path: '/rules/0/verbs/-', value: 'list' }];
    const responseObject = { kind: 'ClusterRole', rules: [rule('', 'pods', 'get', 'list')] };
    const changes = { verb: 'patch', level: 'RequestResponse', objectRef: rolesRef, requestObject };
    expect(factsFor({ ...changes, responseObject })).toMatchObject({ rbac: { grants: ['pods:get', 'pods:list'] } });
    expect(factsFor({ ...changes, responseObject })).not.toHaveProperty('body');
    // A client can ask for an answer without the object.
    expect(factsFor({ ...changes, responseObject: { kind: 'PartialObjectMetadata' } })).toMatchObject({
      body: 'partial',
      rbac: { grants: ['?/?:list'] },
    });
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
        {},
        'odd',
      ],
    });
    expect(facts).toEqual({
      role: ['cluster-admin'],
      subjects: ['User/eve', 'Group/system:masters', 'ServiceAccount/ci/builder', 'User/?'],
    });
  });

  it.each<[string, unknown, unknown]>([
    ['a merge patch', { subjects: [{ kind: 'User', name: 'eve' }] }, 'User/eve'],
    ['a JSON Patch', [{ op: 'add', path: '/subjects/-', value: { kind: 'User', name: 'eve' } }], 'User/eve'],
    ['a JSON Patch of one name', [{ op: 'replace', path: '/subjects/0/name', value: 'eve' }], '?/eve'],
  ])('does not know the role where it is not named: %s', (_, requestObject, subject) => {
    const objectRef = { ...rolesRef, resource: 'clusterrolebindings' };
    const facts = factsFor({ verb: 'patch', level: 'Request', objectRef, requestObject });
    expect(facts).toMatchObject({ body: 'partial', rbac: { subjects: [subject] } });
    expect(facts.rbac).not.toHaveProperty('role');
  });

  it('tells a Role from the ClusterRole whose name it has', () => {
    expect(rbac({ roleRef: { kind: 'Role', name: 'cluster-admin' } })).toEqual({
      role: ['cluster-admin'],
      role_kind: ['Role'],
    });
    expect(rbac({ roleRef: { kind: { a: 1 }, name: 'view' } })).toEqual({ role: ['view'] });
  });

  it('names every role that a patch says, so that none hides the one that it ends with', () => {
    const requestObject = [
      { op: 'replace', path: '/roleRef', value: { kind: 'Role', name: 'view' } },
      { op: 'replace', path: '/roleRef/name', value: 'cluster-admin' },
      { op: 'replace', path: '/roleRef/kind', value: 'ClusterRole' },
    ];
    expect(rbac(requestObject, { verb: 'patch' })).toEqual({
      role: ['cluster-admin', 'view'],
      role_kind: ['ClusterRole', 'Role'],
    });
    const padding = Array.from({ length: 300 }, (_, index) => ({
      op: 'replace',
      path: '/roleRef/name',
      value: `r${index}`,
    }));
    const padded = rbac([...padding, ...requestObject], { verb: 'patch' }) as { role: readonly string[] };
    expect(padded.role).toHaveLength(256);
    expect(padded.role).toContain('cluster-admin');
  });

  it.each<[string, readonly object[]]>([
    ['named twice', [{ op: 'replace', path: '/roleRef/name', value: 'my-role' }]],
    ['copied', [{ op: 'copy', from: '/metadata/labels/a', path: '/roleRef/name' }]],
  ])('does not know which role it is where it is %s', (_, operations) => {
    const objectRef = { ...rolesRef, resource: 'clusterrolebindings' };
    const decoy = { op: 'replace', path: '/roleRef/name', value: 'system:discovery' };
    const subject = { op: 'add', path: '/subjects/-', value: { kind: 'User', name: 'eve' } };
    const patched = (...more: readonly object[]): object =>
      factsFor({ verb: 'patch', level: 'Request', objectRef, requestObject: [decoy, ...more, subject] });
    expect(patched(...operations)).toMatchObject({ body: 'partial' });
    expect(patched(decoy)).not.toHaveProperty('body');
  });

  it('is told whole where subjects stay as they are', () => {
    const objectRef = { ...rolesRef, resource: 'clusterrolebindings' };
    const requestObject = { metadata: { labels: { a: 'b' } } };
    expect(factsFor({ verb: 'patch', level: 'Request', objectRef, requestObject })).not.toHaveProperty('body');
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
      dangerous: ['privileged', 'host-network', 'host-pid', 'host-path-root'],
      dangerous_in: ['init'],
      images: ['a:1', 'b:2', 'c:3'],
      registries: ['docker.io'],
      repositories: ['docker.io/library/a', 'docker.io/library/b', 'docker.io/library/c'],
      tags: ['1', '2', '3'],
      unpinned_images: ['a:1', 'b:2', 'c:3'],
      containers: 3,
      volume_types: ['hostPath', 'emptyDir'],
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
    expect(pod(spec, { objectRef: { resource } })).toEqual({ dangerous: ['host-ipc'], host_ipc: true });
  });

  it("lets a container's user beat its pod's", () => {
    const containers = [{ securityContext: { runAsUser: 1000 } }];
    expect(pod({ securityContext: { runAsUser: 0 }, containers })).toEqual({ containers: 1 });
  });

  const dangersOf = (spec: object): unknown => (pod(spec) as { dangerous?: unknown }).dangerous;
  const mounts = (...paths: readonly string[]): object => ({
    volumes: paths.map((path) => ({ hostPath: { path } })),
  });

  it.each<[string, string]>([
    ['/', 'root'],
    ['//', 'root'],
    ['/'.repeat(1100), 'root'],
    ['/var/..', 'root'],
    ['C:\\', 'root'],
    ['/etc/kubernetes/pki', 'etc'],
    ['/dev', 'dev'],
    ['/proc/1/root', 'proc'],
    ['/sys/fs/cgroup', 'sys'],
    ['/boot', 'boot'],
    ['/usr/bin', 'usr'],
    ['/lib64', 'usr'],
    ['/home/ubuntu/.ssh', 'home'],
    ['/root', 'home'],
    ['/var//lib/kubelet', 'kubelet'],
    ['/var/lib/kubelet/pods', 'kubelet'],
    ['/var/lib', 'etcd'],
    ['/var/lib/rancher', 'etcd'],
    ['/var/lib/rancher/k3s/server/tls', 'etcd'],
    ['/var/lib/rancher/rke2/server', 'etcd'],
    ['/var/lib/rancher/k3s/storage/../server/db', 'etcd'],
    ['/var/lib/rancher/k3s/agent/kubelet.kubeconfig', 'kubelet'],
    ['/var/lib/rancher/rke2/data', 'usr'],
    ['/var/run/docker.sock', 'runtime'],
    ['/run/containerd', 'runtime'],
    ['/run/', 'runtime'],
    ['/somewhere/else/containerd.sock', 'runtime'],
  ])('calls the host path %s dangerous: %s', (path, danger) => {
    expect(dangersOf(mounts(path))).toContain(`host-path-${danger}`);
  });

  it.each([
    '/var/log',
    '/var/log/pods',
    '/etcetera',
    '/data',
    '/run/xtables.lock',
    '/mnt/usr',
    '/var/lib/rancher/k3s/storage/pvc-1',
    '/var/lib/rancher/k3s/servers',
  ])('finds the host path %s harmless', (path) => {
    expect(dangersOf(mounts(path))).toBeUndefined();
  });

  it('finds the dangerous host path among any number of others', () => {
    const others = Array.from({ length: 1000 }, (_, index) => `/data/${index}`);
    expect(dangersOf(mounts(...others, '/'))).toEqual(['host-path-root']);
  });

  it('writes host paths in one spelling', () => {
    expect(pod(mounts('/var//log/', '/var/./log'))).toMatchObject({ host_paths: ['/var/log'] });
  });

  it.each([
    ['SYS_ADMIN', ['cap-sys-admin']],
    ['CAP_SYS_MODULE', ['cap-sys-module']],
    ['all', ['cap-all']],
    ['NET_BIND_SERVICE', undefined],
  ])('judges the added capability %s: %j', (capability, dangers) => {
    const securityContext = { capabilities: { add: [capability] } };
    expect(dangersOf({ initContainers: [{ securityContext }] })).toEqual(dangers);
  });

  it('writes capabilities in one spelling', () => {
    const add = ['net_admin', 'CAP_NET_ADMIN', 'cap_sys_ptrace', 'NET_ADMIN', 7, 'CAP'];
    expect(pod({ containers: [{ securityContext: { capabilities: { add } } }] })).toMatchObject({
      added_capabilities: ['NET_ADMIN', 'SYS_PTRACE', 'CAP'],
      dangerous: ['cap-sys-ptrace'],
    });
  });

  it("sees a host process of Windows, the pod's or a container's", () => {
    const securityContext = { windowsOptions: { hostProcess: true } };
    expect(dangersOf({ securityContext })).toEqual(['host-process']);
    expect(dangersOf({ containers: [{ securityContext }] })).toEqual(['host-process']);
  });

  it.each<[object, readonly string[] | undefined]>([
    [{ initContainers: [{ securityContext: { privileged: true } }], containers: [{}] }, ['init']],
    [{ ephemeralContainers: [{ securityContext: { capabilities: { add: ['cap_sys_admin'] } } }] }, ['ephemeral']],
    [{ containers: [{ securityContext: { windowsOptions: { hostProcess: true } } }] }, ['containers']],
    [{ ...mounts('/'), initContainers: [{ volumeMounts: [{ name: 'v' }] }] }, undefined],
    [
      {
        volumes: [
          { name: 'logs', hostPath: { path: '/var/log' } },
          { name: 'root', hostPath: { path: '//' } },
        ],
        containers: [{ volumeMounts: [{ name: 'logs' }] }],
        initContainers: [{ volumeMounts: [{ name: 'root' }] }],
      },
      ['init'],
    ],
    [{ hostPID: true, initContainers: [{}], ephemeralContainers: [{}] }, undefined],
    [{ initContainers: [{ securityContext: { capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] } } }] }, undefined],
    [{ initContainers: { securityContext: { privileged: true } }, containers: 'x' }, undefined],
  ])('says in which list a container is dangerous by itself: %j', (spec, lists) => {
    expect((pod(spec) as { dangerous_in?: unknown } | undefined)?.dangerous_in).toEqual(lists);
  });

  it('loses no operation of a JSON Patch to another one', () => {
    const operations = [
      { op: 'replace', path: '/spec/template/spec', value: { hostPID: true } },
      { op: 'add', path: '/spec/template/spec/restartPolicy', value: 'Always' },
      { op: 'add', path: '/spec/template/spec/containers/0/securityContext/privileged', value: true },
      { op: 'add', path: '/spec/template/spec/volumes/-1/hostPath/path', value: '/' },
    ];
    const objectRef = { resource: 'deployments', apiGroup: 'apps' };
    const facts = factsFor({ verb: 'patch', level: 'Request', objectRef, requestObject: operations });
    expect(facts.pod?.dangerous).toEqual(['privileged', 'host-pid', 'host-path-root']);
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

describe('secret type', () => {
  it('is said by who writes the Secret', () => {
    const requestObject = { kind: 'Secret', type: 'kubernetes.io/service-account-token' };
    expect(factsFor({ verb: 'create', level: 'Request', requestObject }).secret_type).toBe(
      'kubernetes.io/service-account-token',
    );
    expect(factsFor({ verb: 'get', level: 'RequestResponse', responseObject: requestObject })).not.toHaveProperty(
      'secret_type',
    );
  });
});

describe('a write without its body', () => {
  const write = { verb: 'create', level: 'Request' };

  it('says so, however it came to be', () => {
    expect(factsFor(write).body).toBe('missing');
    const annotations = { 'audit.k8s.io/truncated': 'true' };
    expect(factsFor({ ...write, level: 'RequestResponse', annotations }).body).toBe('missing');
    expect(factsFor({ ...write, level: 'RequestResponse', responseObject: { kind: 'Status' } }).body).toBe('missing');
  });

  it.each([
    { ...write, requestObject: { kind: 'Secret' } },
    { ...write, level: 'Metadata' },
    { ...write, responseStatus: { code: 403 } },
    { ...write, stage: 'RequestReceived', responseStatus: undefined },
    { ...write, verb: 'get' },
    { ...write, verb: 'delete' },
  ])('and nothing else does: %j', (changes) => {
    expect(factsFor(changes)).not.toHaveProperty('body');
  });
});

describe('patchedParts', () => {
  it('are what a JSON Patch adds or replaces', () => {
    const patch = [
      { op: 'test', path: '/metadata/name', value: 'x' },
      { op: 'add', path: '/rules/-', value: { verbs: ['*'] } },
      { op: 'replace', path: '/metadata/labels/a~1b', value: 'c' },
      { op: 'remove', path: '/spec' },
      { op: 'replace', path: '', value: { spec: {} } },
    ];
    expect(patchedParts(patch)).toEqual({
      objects: [{ rules: [{ verbs: ['*'] }] }, { metadata: { labels: { 'a/b': 'c' } } }, { spec: {} }],
      copies: false,
    });
  });

  it('hold every value that the patch brings into an object, or say that some were copied', () => {
    const key = fc.constantFrom('a', 'b', '0', '1', '-');
    const path = fc
      .tuple(fc.constantFrom('a', 'b'), fc.array(key, { maxLength: 3 }))
      .map(([member, below]) => [member, ...below].map((name) => `/${name}`).join(''));
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        fc.constantFrom('x', 'y', 1, true),
        fc.array(tie('value'), { maxLength: 2 }),
        fc.dictionary(fc.constantFrom('a', 'b'), tie('value'), { maxKeys: 2 }),
      ),
    }));
    const operation: fc.Arbitrary<Operation> = fc.oneof(
      fc.record({ op: fc.constantFrom('add', 'replace'), path, value }),
      fc.record({ op: fc.constant('remove'), path }),
      fc.record({ op: fc.constantFrom('copy', 'move'), path, from: path }),
    );
    let applied = 0;
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('a', 'b'), value), fc.array(operation), (before, operations) => {
        // The API server refuses a patch with an operation that cannot be done: here it is left out.
        const done = applyPatch(before, operations);
        applied += done.operations.length;
        const { objects, copies } = patchedParts(done.operations);
        if (copies) return;
        const known = new Set([before, ...objects].flatMap(leavesOf));
        expect(leavesOf(done.result).filter((leaf) => !known.has(leaf))).toEqual([]);
      }),
      { numRuns: 2000 },
    );
    expect(applied).toBeGreaterThan(500);
  });

  it('never throw', () => {
    const odd = fc.record({ op: fc.constant('add'), path: fc.string(), value: fc.jsonValue() });
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.jsonValue(), odd)), (operations) => {
        expect(patchedParts(operations).objects.length).toBeLessThanOrEqual(operations.length);
      }),
    );
  });
});
