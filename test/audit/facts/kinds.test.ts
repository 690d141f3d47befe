import { describe, expect, it } from 'vitest';
import type { EventFacts } from '../../../src/audit/facts/types.ts';
import { factsFor } from '../../support/events.ts';

/** Facts of an object that is written; `group/resource/subresource`. */
function written(kind: string, requestObject: unknown, verb = 'create', changes: object = {}): EventFacts {
  const [apiGroup, resource, subresource] = kind.split('/');
  const objectRef = { resource, subresource, apiGroup: apiGroup || undefined, name: 'x' };
  return factsFor({ verb, level: 'Request', objectRef, requestObject, ...changes });
}

describe('a Service', () => {
  it('tells how it is open', () => {
    const spec = {
      type: 'LoadBalancer',
      externalIPs: ['203.0.113.9'],
      ports: [{ port: 80, nodePort: 30080 }, { port: 443, nodePort: 0 }, { port: '80' }],
      loadBalancerSourceRanges: ['10.0.0.0/8'],
      selector: { app: 'dashboard' },
    };
    const status = { loadBalancer: { ingress: [{ ip: '198.51.100.1' }, { hostname: 'lb.example.com' }] } };
    expect(written('/services', { spec, status }).service).toEqual({
      type: 'LoadBalancer',
      external_ips: ['203.0.113.9'],
      node_ports: [30080],
      ports: [80, 443],
      source_ranges: ['10.0.0.0/8'],
      ingress: ['198.51.100.1', 'lb.example.com'],
      selectors: ['app=dashboard'],
    });
    expect(written('/services', { spec: { type: 'ExternalName', externalName: 'x.example.com' } }).service).toEqual({
      type: 'ExternalName',
      external_name: 'x.example.com',
    });
  });

  it('is patched in parts', () => {
    const patch = [{ op: 'add', path: '/spec/externalIPs/-', value: '203.0.113.9' }];
    expect(written('/services', patch, 'patch').service).toEqual({ external_ips: ['203.0.113.9'] });
    expect(written('example.com/services', { spec: { type: 'NodePort' } })).not.toHaveProperty('service');
  });
});

describe('an Ingress', () => {
  const backend = { service: { name: 'web', port: { number: 80 } } };
  const rules = [{ host: 'a.example.com', http: { paths: [{ backend }] } }, { host: 'b.example.com' }, {}];

  it('names hosts, those without TLS, and where it leads', () => {
    const metadata = { annotations: { 'nginx.ingress.kubernetes.io/configuration-snippet': 'x', other: 'y' } };
    const spec = { ingressClassName: 'nginx', rules, tls: [{ hosts: ['a.example.com'] }] };
    expect(written('networking.k8s.io/ingresses', { metadata, spec }).ingress).toEqual({
      hosts: ['a.example.com', 'b.example.com', '*'],
      plain_hosts: ['b.example.com', '*'],
      tls: true,
      class: 'nginx',
      backends: ['web:80'],
      snippets: ['nginx.ingress.kubernetes.io/configuration-snippet'],
    });
  });

  it.each<[object, boolean, unknown]>([
    [{ rules: [{ host: 'a.example.com' }] }, false, ['a.example.com']],
    [{ rules: [{ host: 'a.example.com' }], tls: [{ hosts: ['*.example.com'] }] }, true, undefined],
    [{ rules: [{ host: 'a.example.com' }], tls: [{ secretName: 's' }] }, true, undefined],
    [{ rules: [{ host: 'a.b.example.com' }], tls: [{ hosts: ['*.example.com'] }] }, true, ['a.b.example.com']],
  ])('%j', (spec, tls, plain) => {
    const facts = written('networking.k8s.io/ingresses', { spec }).ingress;
    expect(facts).toMatchObject({ tls });
    expect(facts?.plain_hosts).toEqual(plain);
  });

  it('that is old has its backend in other members', () => {
    const spec = { backend: { serviceName: 'web', servicePort: 'http' } };
    expect(written('extensions/ingresses', { spec }).ingress).toEqual({ backends: ['web:http'] });
  });
});

describe('what answers for the API server', () => {
  const kind = 'admissionregistration.k8s.io/validatingwebhookconfigurations';

  it('are webhooks: where they are, what they get, and what they let past', () => {
    const webhooks = [
      {
        name: 'gate.example.com',
        failurePolicy: 'Ignore',
        clientConfig: { service: { namespace: 'gate', name: 'hook', path: '/v1' } },
        rules: [{ apiGroups: ['', 'apps'], resources: ['secrets'], operations: ['CREATE', 'UPDATE'] }],
        namespaceSelector: { matchLabels: { a: 'b' } },
        objectSelector: {},
        matchConditions: [],
      },
      { name: 'out.example.com', clientConfig: { url: 'https://203.0.113.9/x' } },
    ];
    expect(written(kind, { webhooks }).webhook).toEqual({
      names: ['gate.example.com', 'out.example.com'],
      targets: ['gate/hook/v1', 'https://203.0.113.9/x'],
      by_url: true,
      failure_policies: ['Ignore'],
      intercepts: ['secrets:CREATE', 'secrets:UPDATE', 'apps/secrets:CREATE', 'apps/secrets:UPDATE'],
      exempts: ['namespace-selector'],
    });
  });

  it('are patched webhooks, of which a part is said', () => {
    const patch = [{ op: 'add', path: '/webhooks/0/rules/0/resources/-', value: 'secrets' }];
    expect(written(kind, patch, 'patch').webhook).toEqual({ intercepts: ['?/secrets:?'] });
  });

  it('are rules of any size, of which 256 are kept', () => {
    const many = Array.from({ length: 3000 }, (_, index) => `r${index}`);
    const rules = [{ apiGroups: many, resources: many, operations: many }];
    expect(written(kind, { webhooks: [{ rules }] }).webhook?.intercepts).toHaveLength(256);
  });

  it('are conversion webhooks, API services and policies', () => {
    const service = { namespace: 'ns', name: 'svc' };
    const conversion = { webhook: { clientConfig: { service } } };
    expect(written('apiextensions.k8s.io/customresourcedefinitions', { spec: { conversion } }).webhook).toEqual({
      targets: ['ns/svc'],
    });
    expect(
      written('apiregistration.k8s.io/apiservices', { spec: { service, insecureSkipTLSVerify: true } }).api_service,
    ).toEqual({ target: 'ns/svc', insecure: true });
    expect(written('apiregistration.k8s.io/apiservices', { spec: { service: null } })).not.toHaveProperty(
      'api_service',
    );
    expect(
      written('admissionregistration.k8s.io/validatingadmissionpolicybindings', {
        spec: { policyName: 'p', validationActions: ['Audit'] },
      }).admission_policy,
    ).toEqual({ policy: 'p', actions: ['Audit'] });
    expect(
      written('admissionregistration.k8s.io/mutatingadmissionpolicies', { spec: { failurePolicy: 'Ignore' } })
        .admission_policy,
    ).toEqual({ failure_policy: 'Ignore' });
  });
});

describe('a NetworkPolicy', () => {
  const openings = (spec: object): unknown =>
    written('networking.k8s.io/networkpolicies', { spec }).network_policy?.openings;

  const peers = (...from: readonly object[]): object => ({ ingress: [{ from }] });
  const exists = { key: 'kubernetes.io/metadata.name', operator: 'Exists' };
  const leavesOut = { key: 'a', operator: 'NotIn', values: ['b'] };
  const within = { key: 'a', operator: 'In', values: ['b'] };

  it.each<[object, readonly string[] | undefined]>([
    [{ ingress: [{}] }, ['ingress-from-anywhere']],
    [{ ingress: [{ from: [], ports: [{ port: 80 }] }] }, ['ingress-from-anywhere']],
    [{ ingress: [{ from: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }] }, ['ingress-from-anywhere']],
    [{ egress: [{ to: [{ ipBlock: { cidr: '::/0' } }] }] }, ['egress-to-anywhere']],
    [{ ingress: [{ from: [{ namespaceSelector: {} }] }] }, ['ingress-from-all-namespaces']],
    [{ ingress: [{ from: [{ namespaceSelector: { matchLabels: {} } }] }] }, ['ingress-from-all-namespaces']],
    [{ egress: [{ to: [{ namespaceSelector: {}, podSelector: {} }] }] }, ['egress-to-all-namespaces']],
    [{ ingress: [{ from: [{ namespaceSelector: {}, podSelector: { matchLabels: { a: 'b' } } }] }] }, undefined],
    [{ ingress: [{ from: [{ podSelector: {} }] }] }, undefined],
    [{ ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }] }, undefined],
    [peers({ ipBlock: { cidr: '0.0.0.0/1' } }, { ipBlock: { cidr: '128.0.0.0/1' } }), ['ingress-from-anywhere']],
    [peers({ namespaceSelector: { matchExpressions: [exists] } }), ['ingress-from-all-namespaces']],
    [peers({ namespaceSelector: { matchExpressions: [leavesOut] } }), ['ingress-from-all-namespaces']],
    [peers({ namespaceSelector: { matchExpressions: [leavesOut, within] } }), undefined],
    [peers({ namespaceSelector: { matchExpressions: [exists], matchLabels: { a: 'b' } } }), undefined],
    [peers({ namespaceSelector: {}, podSelector: { matchExpressions: [within] } }), undefined],
    [{ ingress: [], egress: [] }, undefined],
    [{ ingress: ['odd', null], egress: 'x' }, undefined],
  ])('%j', (spec, expected) => {
    expect(openings(spec)).toEqual(expected);
  });

  it('says for whom and whom it names', () => {
    const spec = { podSelector: {}, policyTypes: ['Egress'], egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }] };
    expect(written('networking.k8s.io/networkpolicies', { spec }).network_policy).toEqual({
      cidrs: ['10.0.0.0/8'],
      types: ['Egress'],
      all_pods: true,
    });
  });
});

describe('a guard rail', () => {
  const enforce = 'pod-security.kubernetes.io/enforce';

  it('is the Pod Security level of a namespace', () => {
    const labels = { [enforce]: 'privileged', 'pod-security.kubernetes.io/warn-version': 'v1.30', other: 'x' };
    expect(written('/namespaces', { metadata: { labels } }).namespace).toEqual({
      pod_security: ['enforce=privileged', 'warn-version=v1.30'],
    });
  });

  it.each<[unknown]>([
    [{ metadata: { labels: { [enforce]: null } } }],
    [[{ op: 'remove', path: '/metadata/labels/pod-security.kubernetes.io~1enforce' }]],
  ])('goes away by %j', (patch) => {
    expect(written('/namespaces', patch, 'patch').namespace).toEqual({ pod_security_removed: ['enforce'] });
  });

  it('does not change by another label', () => {
    expect(written('/namespaces', { metadata: { labels: { a: null } } }, 'patch')).not.toHaveProperty('namespace');
    const patch = [{ op: 'replace', path: '/metadata/labels/pod-security.kubernetes.io~1enforce', value: 'baseline' }];
    expect(written('/namespaces', patch, 'patch').namespace).toEqual({ pod_security: ['enforce=baseline'] });
  });

  it('is a quota, a limit or a budget', () => {
    expect(written('/resourcequotas', { spec: { hard: { pods: '10', cpu: 2, odd: {} } } }).quota).toEqual([
      'pods=10',
      'cpu=2',
    ]);
    const limits = [{ type: 'Container', max: { cpu: '2' }, defaultRequest: { cpu: '1' } }, { min: { cpu: '1' } }];
    expect(written('/limitranges', { spec: { limits } }).limits).toEqual([
      'Container.max.cpu=2',
      'Container.defaultRequest.cpu=1',
      '?.min.cpu=1',
    ]);
    expect(
      written('policy/poddisruptionbudgets', { spec: { minAvailable: 0, maxUnavailable: '100%' } }).disruption_budget,
    ).toEqual({ min_available: '0', max_unavailable: '100%' });
  });
});

describe('a volume or device', () => {
  it('leads to the disk of a node', () => {
    const spec = {
      capacity: { storage: '1Gi' },
      hostPath: { path: '//etc/' },
      claimRef: { namespace: 'a', name: 'b' },
    };
    expect(written('/persistentvolumes', { spec }).persistent_volume).toEqual({
      type: 'hostPath',
      path: '/etc',
      dangerous: ['host-path-etc'],
      claim: 'a/b',
    });
    expect(written('/persistentvolumes', { spec: { local: { path: '/mnt/disk' } } }).persistent_volume).toEqual({
      type: 'local',
      path: '/mnt/disk',
    });
  });

  it.each<[string, object, true | undefined]>([
    ['resourceclaims', { devices: { requests: [{ exactly: { adminAccess: true } }] } }, true],
    ['resourceclaims', { devices: { requests: [{ adminAccess: true }] } }, true],
    ['resourceclaims', { devices: { requests: [{ firstAvailable: [{ adminAccess: true }] }] } }, true],
    ['resourceclaimtemplates', { spec: { devices: { requests: [{ adminAccess: true }] } } }, true],
    ['resourceclaims', { devices: { requests: [{ adminAccess: 'true' }] } }, undefined],
  ])('%s %j', (resource, spec, asked) => {
    expect(written(`resource.k8s.io/${resource}`, { spec }).admin_access).toBe(asked);
  });
});

describe('a workload', () => {
  it('is scaled, scheduled and suspended', () => {
    expect(written('apps/deployments', { spec: { replicas: 0 } }, 'patch').workload).toEqual({ replicas: 0 });
    expect(written('apps/deployments/scale', { spec: { replicas: 0 } }, 'update').workload).toEqual({ replicas: 0 });
    expect(written('batch/cronjobs', { spec: { schedule: '* * * * *', suspend: true } }).workload).toEqual({
      schedule: '* * * * *',
      suspended: true,
    });
    expect(written('apps/deployments', { spec: { replicas: 1.5 } })).not.toHaveProperty('workload');
    expect(written('example.com/gardens', { spec: { replicas: 1 } })).not.toHaveProperty('workload');
  });

  it.each<[string, string, unknown]>([
    ['kustomize.toolkit.fluxcd.io/kustomizations', 'patch', { spec: { suspend: true } }],
    ['helm.toolkit.fluxcd.io/helmreleases', 'patch', [{ op: 'add', path: '/spec/suspend', value: true }]],
    ['argoproj.io/applications', 'patch', { spec: { syncPolicy: { automated: null } } }],
    ['argoproj.io/applications', 'patch', [{ op: 'remove', path: '/spec/syncPolicy' }]],
    [
      'argoproj.io/applications',
      'update',
      { metadata: { annotations: { 'argocd.argoproj.io/skip-reconcile': 'true' } } },
    ],
    [
      'apps/deployments',
      'patch',
      { metadata: { annotations: { 'kustomize.toolkit.fluxcd.io/reconcile': 'disabled' } } },
    ],
  ])('is left alone by GitOps: %s %s %j', (kind, verb, body) => {
    expect(written(kind, body, verb).gitops_suspended).toBe(true);
  });

  it('is reconciled otherwise', () => {
    expect(written('batch/cronjobs', { spec: { suspend: true } })).not.toHaveProperty('gitops_suspended');
    expect(written('argoproj.io/applications', { spec: { syncPolicy: {} } }, 'patch')).not.toHaveProperty(
      'gitops_suspended',
    );
  });
});

describe('other kinds', () => {
  it('are ConfigMaps whose keys look like credentials', () => {
    const data = {
      'app.conf': 'db=x\npassword: hunter2',
      'ca.crt': '-----BEGIN CERTIFICATE-----',
      key: '-----BEGIN RSA PRIVATE KEY-----',
      API_KEY: 'x',
      odd: { a: 1 },
      plain: 'x',
    };
    expect(written('/configmaps', { data, binaryData: { jar: 'eA==' } }).config_map).toEqual({
      keys: ['app.conf', 'ca.crt', 'key', 'API_KEY', 'odd', 'plain', 'jar'],
      credential_keys: ['app.conf', 'key', 'API_KEY'],
    });
  });

  it('are Nodes and Leases', () => {
    const taints = [{ key: 'a', value: 'b', effect: 'NoExecute' }, { key: 'c', effect: 'NoSchedule' }, {}];
    expect(written('/nodes', { spec: { unschedulable: true, taints } }, 'patch').node).toEqual({
      unschedulable: true,
      taints: ['a=b:NoExecute', 'c:NoSchedule'],
    });
    expect(written('coordination.k8s.io/leases', { spec: { holderIdentity: 'n1_x' } }).lease_holder).toBe('n1_x');
  });

  it('are roles that others take in', () => {
    const labels = { 'rbac.authorization.k8s.io/aggregate-to-admin': 'true', 'x/aggregate-to-y': 'true' };
    expect(written('rbac.authorization.k8s.io/clusterroles', { metadata: { labels } }).rbac).toEqual({
      aggregates_to: ['admin'],
    });
  });

  it('are token requests', () => {
    const spec = { audiences: ['vault'], expirationSeconds: 31536000, boundObjectRef: { kind: 'Pod', name: 'web-0' } };
    expect(written('/serviceaccounts/token', { spec }).token_request).toEqual({
      audiences: ['vault'],
      expiration_seconds: 31536000,
      bound_to: 'Pod/web-0',
    });
    expect(written('/serviceaccounts', { spec })).not.toHaveProperty('token_request');
  });
});

describe('a review', () => {
  const attributes = { group: '', resource: 'nodes', subresource: 'proxy', verb: 'get', namespace: 'a', name: 'n1' };

  it('tells what is asked about whom, and the answer', () => {
    const requestObject = {
      spec: { resourceAttributes: attributes, user: 'eve', groups: ['dev'] },
      status: { allowed: false },
    };
    const review = { resource: 'nodes/proxy', verb: 'get', namespace: 'a', name: 'n1', user: 'eve', groups: ['dev'] };
    const kind = 'authorization.k8s.io/subjectaccessreviews';
    expect(written(kind, requestObject).review).toEqual(review);
    const responseObject = { kind: 'SubjectAccessReview', ...requestObject, status: { allowed: true } };
    expect(written(kind, requestObject, 'create', { level: 'RequestResponse', responseObject }).review).toEqual({
      ...review,
      allowed: true,
    });
  });

  it('may ask for a path, or whose a token is', () => {
    const spec = { nonResourceAttributes: { path: '/metrics', verb: 'get' } };
    expect(written('authorization.k8s.io/selfsubjectaccessreviews', { spec }).review).toEqual({
      path: '/metrics',
      verb: 'get',
    });
    const responseObject = {
      kind: 'TokenReview',
      status: { authenticated: true, user: { username: 'a', groups: ['b'] } },
    };
    const facts = written('authentication.k8s.io/tokenreviews', { spec: { token: 'x' } }, 'create', {
      level: 'RequestResponse',
      responseObject,
    });
    expect(facts.review).toEqual({ user: 'a', groups: ['b'], authenticated: true });
    expect(JSON.stringify(facts)).not.toContain('token"');
  });
});
