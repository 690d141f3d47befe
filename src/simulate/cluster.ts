import type { Actor } from './request.ts';

/** The cluster that is simulated: who lives in it. */
export const NAMESPACES = ['prod', 'staging', 'shop', 'payments', 'monitoring'] as const;
export const APPS = ['api', 'web', 'worker', 'cart', 'search'] as const;
export const NODES = ['worker-1', 'worker-2', 'worker-3', 'worker-4'] as const;

const VERSION = 'v1.33.4 (linux/amd64) kubernetes/74e84a9';

function serviceAccount(namespace: string, name: string, ip: string, agent: string): Actor {
  const username = `system:serviceaccount:${namespace}:${name}`;
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'];
  return { username, uid: uidOf(username), groups, ip, agent };
}

/** A uid that belongs to a name, in the form of a UUID. */
function uidOf(name: string): string {
  let sum = 0;
  for (const character of name) sum = (Math.imul(sum, 31) + character.charCodeAt(0)) >>> 0;
  return `${sum.toString(16).padStart(8, '0')}-1f2e-4d3c-8b5a-${(sum ^ 0x5bd1e995).toString(16).replace('-', '').padStart(12, '0').slice(0, 12)}`;
}

export function person(name: string, ip: string, groups: readonly string[] = ['dev']): Actor {
  return {
    username: `${name}@example.com`,
    groups: [...groups, 'system:authenticated'],
    ip,
    agent: 'kubectl/v1.33.1 (darwin/arm64) kubernetes/8adc0f0',
  };
}

export function kubelet(node: string): Actor {
  return {
    username: `system:node:${node}`,
    groups: ['system:nodes', 'system:authenticated'],
    ip: `10.0.1.${1 + node.charCodeAt(node.length - 1)}`,
    agent: `kubelet/${VERSION}`,
  };
}

function component(name: string): Actor {
  return {
    username: `system:${name}`,
    groups: ['system:authenticated'],
    ip: '10.0.0.10',
    agent: `${name}/${VERSION}/leader-election`,
  };
}

function controller(name: string): Actor {
  return serviceAccount(
    'kube-system',
    name,
    '10.0.0.10',
    `kube-controller-manager/${VERSION}/system:serviceaccount:kube-system:${name}`,
  );
}

export const ACTORS = {
  controllerManager: component('kube-controller-manager'),
  scheduler: component('kube-scheduler'),
  apiserver: { ...component('apiserver'), groups: ['system:masters'], ip: '::1' },
  replicaSets: controller('replicaset-controller'),
  deployments: controller('deployment-controller'),
  endpointSlices: controller('endpointslice-controller'),
  garbageCollector: controller('generic-garbage-collector'),
  cronJobs: controller('cronjob-controller'),
  coredns: serviceAccount('kube-system', 'coredns', '10.244.0.2', 'coredns/v1.12.0 go/go1.24'),
  prometheus: serviceAccount('monitoring', 'prometheus', '10.244.1.9', 'Prometheus/3.2.1'),
  argocd: serviceAccount('argocd', 'application-controller', '10.244.2.7', 'argocd-application-controller/v2.14.2'),
  certManager: serviceAccount('cert-manager', 'cert-manager', '10.244.2.8', 'cert-manager-controller/v1.17.1'),
  deployer: serviceAccount('ci', 'deployer', '10.244.3.5', 'helm/v3.17.1'),
  apiPod: serviceAccount('prod', 'api', '10.244.1.33', 'curl/8.9.1'),
  anonymous: {
    username: 'system:anonymous',
    groups: ['system:unauthenticated'],
    ip: '10.0.0.254',
    agent: 'kube-probe/1.33',
  },
} as const satisfies Record<string, Actor>;

export const PEOPLE = [
  person('alice', '198.51.100.7', ['sre']),
  person('bob', '198.51.100.8'),
  person('carol', '198.51.100.9'),
  person('dave', '198.51.100.12'),
  person('erin', '198.51.100.15'),
] as const;
