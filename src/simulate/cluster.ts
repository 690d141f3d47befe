import type { Grant } from './annotations.ts';
import { nameUuid } from './random.ts';
import type { Actor } from './request.ts';

/** The cluster that is simulated: who lives in it, and what they may do. */
export const NAMESPACES = ['prod', 'staging', 'shop', 'payments', 'monitoring'] as const;
export const APPS = ['api', 'web', 'worker', 'cart', 'search'] as const;
export const NODES = ['worker-1', 'worker-2', 'worker-3', 'worker-4'] as const;
type Node = (typeof NODES)[number];

const VERSION = 'v1.33.4 (linux/amd64) kubernetes/74e84a9';

/** Where a workload runs: its token names the pod and the node. */
interface Home {
  readonly pod: string;
  readonly node: Node;
}

interface Holder {
  readonly namespace: string;
  readonly name: string;
  readonly ip: string;
  readonly agent: string;
  readonly home?: Home;
  /** What it is bound to, where that is not a role of its own name. */
  readonly bound?: Omit<Grant, 'subject'>;
}

function serviceAccount({ namespace, name, ip, agent, home, bound }: Holder): Actor {
  const username = `system:serviceaccount:${namespace}:${name}`;
  return {
    username,
    uid: nameUuid(username),
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
    extra: { 'authentication.kubernetes.io/credential-id': [`JTI=${nameUuid(`token of ${username}`)}`], ...at(home) },
    ip,
    agent,
    grant: { ...(bound ?? { binding: name, role: name }), subject: `ServiceAccount "${name}/${namespace}"` },
  };
}

function at(home: Home | undefined): Record<string, readonly string[]> {
  if (home === undefined) return {};
  return {
    'authentication.kubernetes.io/node-name': [home.node],
    'authentication.kubernetes.io/node-uid': [nameUuid(home.node)],
    'authentication.kubernetes.io/pod-name': [home.pod],
    'authentication.kubernetes.io/pod-uid': [nameUuid(home.pod)],
  };
}

export function person(name: string, ip: string, group: 'dev' | 'sre' = 'dev'): Actor {
  const held = group === 'sre' ? { binding: 'sre', role: 'admin' } : { binding: 'developers', role: 'edit' };
  return {
    username: `${name}@example.com`,
    groups: [group, 'system:authenticated'],
    ip,
    agent: 'kubectl/v1.33.1 (darwin/arm64) kubernetes/8adc0f0',
    grant: { ...held, subject: `Group "${group}"`, namespaced: true },
  };
}

/** The node authorizer lets kubelets do what they need, so no role is named. */
function kubeletOf(node: Node): Actor {
  return {
    username: `system:node:${node}`,
    groups: ['system:nodes', 'system:authenticated'],
    extra: certificate(node),
    ip: `10.0.1.${1 + node.charCodeAt(node.length - 1)}`,
    agent: `kubelet/${VERSION}`,
  };
}

const KUBELETS = Object.fromEntries(NODES.map((node) => [node, kubeletOf(node)])) as Readonly<Record<Node, Actor>>;

export function kubelet(node: Node): Actor {
  return KUBELETS[node];
}

function component(name: string): Actor {
  const username = `system:${name}`;
  return {
    username,
    groups: ['system:authenticated'],
    extra: certificate(username),
    ip: '10.0.0.10',
    agent: `${name}/${VERSION}/leader-election`,
    grant: { binding: username, role: username, subject: `User "${username}"` },
  };
}

function certificate(name: string): Record<string, readonly string[]> {
  const digest = `${nameUuid(name)}${nameUuid(`certificate of ${name}`)}`.replaceAll('-', '');
  return { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${digest}`] };
}

function controller(name: string): Actor {
  const role = `system:controller:${name}`;
  return serviceAccount({
    namespace: 'kube-system',
    name,
    ip: '10.0.0.10',
    agent: `kube-controller-manager/${VERSION}/system:serviceaccount:kube-system:${name}`,
    bound: { binding: role, role },
  });
}

export const ACTORS = {
  controllerManager: component('kube-controller-manager'),
  scheduler: component('kube-scheduler'),
  replicaSets: controller('replicaset-controller'),
  deployments: controller('deployment-controller'),
  endpointSlices: controller('endpointslice-controller'),
  garbageCollector: controller('generic-garbage-collector'),
  cronJobs: controller('cronjob-controller'),
  coredns: serviceAccount({
    namespace: 'kube-system',
    name: 'coredns',
    ip: '10.244.0.2',
    agent: 'coredns/v1.12.0 go/go1.24',
    home: { pod: 'coredns-674b8bbfcf-7k9xq', node: 'worker-1' },
    bound: { binding: 'system:coredns', role: 'system:coredns' },
  }),
  prometheus: serviceAccount({
    namespace: 'monitoring',
    name: 'prometheus',
    ip: '10.244.1.9',
    agent: 'Prometheus/3.2.1',
    home: { pod: 'prometheus-0', node: 'worker-1' },
  }),
  argocd: serviceAccount({
    namespace: 'argocd',
    name: 'application-controller',
    ip: '10.244.2.7',
    agent: 'argocd-application-controller/v2.14.2',
    home: { pod: 'application-controller-0', node: 'worker-2' },
    bound: { binding: 'argocd-application-controller', role: 'argocd-application-controller' },
  }),
  certManager: serviceAccount({
    namespace: 'cert-manager',
    name: 'cert-manager',
    ip: '10.244.2.8',
    agent: 'cert-manager-controller/v1.17.1',
    home: { pod: 'cert-manager-7d6b9c5f8-2mzvt', node: 'worker-2' },
    bound: { binding: 'cert-manager-controller-certificates', role: 'cert-manager-controller-certificates' },
  }),
  deployer: serviceAccount({
    namespace: 'ci',
    name: 'deployer',
    ip: '10.244.3.5',
    agent: 'helm/v3.17.1',
    home: { pod: 'runner-0', node: 'worker-3' },
    bound: { binding: 'deployer', role: 'edit', namespaced: true },
  }),
  apiPod: serviceAccount({
    namespace: 'prod',
    name: 'api',
    ip: '10.244.1.33',
    agent: 'curl/8.9.1',
    home: { pod: 'api-6f7c9d5b48-x7k2p', node: 'worker-1' },
    bound: { binding: 'api-tenants', role: 'tenant-operator' },
  }),
  anonymous: {
    username: 'system:anonymous',
    groups: ['system:unauthenticated'],
    ip: '10.0.0.254',
    agent: 'kube-probe/1.33',
    grant: {
      binding: 'system:public-info-viewer',
      role: 'system:public-info-viewer',
      subject: 'Group "system:unauthenticated"',
    },
  },
} as const satisfies Record<string, Actor>;

export const PEOPLE = [
  person('alice', '198.51.100.7', 'sre'),
  person('bob', '198.51.100.8'),
  person('carol', '198.51.100.9'),
  person('dave', '198.51.100.12'),
  person('erin', '198.51.100.15'),
] as const;
