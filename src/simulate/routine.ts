/** What a healthy cluster does all day. Nothing here may look like an attack of high severity. */
import { ACTORS, APPS, kubelet, NAMESPACES, NODES, PEOPLE } from './cluster.ts';
import { pathOf } from './paths.ts';
import type { Random } from './random.ts';
import type { Actor, Ref, SimulatedRequest } from './request.ts';

/** Makes a request; the hour is that of the day, 0 to 24, with its fraction. */
type Behaviour = (random: Random) => SimulatedRequest;

interface Routine {
  /** Share among all requests. */
  readonly weight: number;
  /** How much of its weight it has at an hour; constant where absent. */
  readonly curve?: (hour: number) => number;
  readonly behave: Behaviour;
}

const LEASES = { resource: 'leases', apiGroup: 'coordination.k8s.io' };
const DEPLOYMENTS = { resource: 'deployments', apiGroup: 'apps' };
const SYSTEM_LEASES = ['kube-controller-manager', 'kube-scheduler', 'cert-manager-controller'] as const;
const HEALTH = ['/healthz', '/readyz', '/livez', '/version'] as const;
const WATCHED: readonly [Ref, ...Ref[]] = [
  { resource: 'pods' },
  { resource: 'services' },
  { resource: 'configmaps' },
  { resource: 'nodes' },
  { resource: 'endpointslices', apiGroup: 'discovery.k8s.io' },
  { ...DEPLOYMENTS },
];

function quick(random: Random): number {
  return random.int(800, 6000);
}

function request(
  actor: Actor,
  verb: string,
  ref: Ref,
  random: Random,
  more: Partial<SimulatedRequest> = {},
): SimulatedRequest {
  return {
    actor,
    verb,
    uri: pathOf(ref),
    ref,
    code: verb === 'create' ? 201 : 200,
    latencyMicros: quick(random),
    ...more,
  };
}

function podName(random: Random): string {
  return `${random.pick(APPS)}-${random.suffix(9)}-${random.suffix(5)}`;
}

function ofPod(random: Random): Ref {
  return { resource: 'pods', namespace: random.pick(NAMESPACES), name: podName(random) };
}

function renewLease(random: Random): SimulatedRequest {
  const node = random.pick(NODES);
  return request(kubelet(node), 'update', { ...LEASES, namespace: 'kube-node-lease', name: node }, random);
}

function renewLeadership(random: Random): SimulatedRequest {
  const actor = random.pick([ACTORS.controllerManager, ACTORS.scheduler]);
  return request(actor, 'update', { ...LEASES, namespace: 'kube-system', name: random.pick(SYSTEM_LEASES) }, random, {
    // Two that want the same lease at once: one of them is told to try again.
    ...(random.next() < 0.004 && { code: 409 }),
  });
}

function reportStatus(random: Random): SimulatedRequest {
  const node = random.pick(NODES);
  const ref: Ref = random.next() < 0.5 ? { resource: 'nodes', name: node } : ofPod(random);
  return request(kubelet(node), 'patch', { ...ref, subresource: 'status' }, random, {
    body: { status: { observedGeneration: 3 } },
  });
}

function readOwnObjects(random: Random): SimulatedRequest {
  const namespace = random.pick(NAMESPACES);
  const name = random.pick(APPS);
  const ref: Ref =
    random.next() < 0.2
      ? { resource: 'secrets', namespace, name: `${name}-credentials` }
      : { resource: 'configmaps', namespace, name };
  return request(kubelet(random.pick(NODES)), 'get', ref, random);
}

function renewToken(random: Random): SimulatedRequest {
  const ref = {
    resource: 'serviceaccounts',
    namespace: random.pick(NAMESPACES),
    name: 'default',
    subresource: 'token',
  };
  return request(kubelet(random.pick(NODES)), 'create', ref, random, {
    body: { kind: 'TokenRequest', spec: { expirationSeconds: 3607 } },
  });
}

function watch(random: Random): SimulatedRequest {
  const actor = random.pick([
    ACTORS.controllerManager,
    ACTORS.scheduler,
    ACTORS.coredns,
    ACTORS.prometheus,
    ACTORS.argocd,
  ]);
  const ref = random.pick(WATCHED);
  const seconds = random.int(300, 590);
  const query = `allowWatchBookmarks=true&resourceVersion=${random.int(1e6, 9e6)}&timeoutSeconds=${seconds}&watch=true`;
  return request(actor, 'watch', ref, random, { uri: `${pathOf(ref)}?${query}`, lastsMs: seconds * 1000 });
}

function reconcile(random: Random): SimulatedRequest {
  const namespace = random.pick(NAMESPACES);
  const name = random.pick(APPS);
  return random.pick<() => SimulatedRequest>([
    () => request(ACTORS.deployments, 'update', { ...DEPLOYMENTS, namespace, name, subresource: 'status' }, random),
    () =>
      request(ACTORS.replicaSets, 'create', { resource: 'pods', namespace }, random, {
        body: podBody(random, namespace, name),
      }),
    () =>
      request(
        ACTORS.endpointSlices,
        'update',
        { resource: 'endpointslices', apiGroup: 'discovery.k8s.io', namespace, name },
        random,
      ),
    () => request(ACTORS.garbageCollector, 'delete', ofPod(random), random),
    () => request(ACTORS.scheduler, 'create', { ...ofPod(random), subresource: 'binding' }, random),
    () => request(ACTORS.cronJobs, 'create', { resource: 'jobs', apiGroup: 'batch', namespace }, random),
  ])();
}

function podBody(random: Random, namespace: string, app: string): SimulatedRequest['body'] {
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { generateName: `${app}-${random.suffix(9)}-`, namespace, labels: { app } },
    spec: {
      containers: [
        {
          name: app,
          image: `registry.example.com/${app}:1.${random.int(0, 40)}`,
          securityContext: { runAsUser: 1000 },
        },
      ],
      serviceAccountName: app,
    },
  };
}

function probe(random: Random): SimulatedRequest {
  const path = random.pick(HEALTH);
  return {
    actor: ACTORS.anonymous,
    verb: 'get',
    uri: path,
    code: path === '/readyz' && random.next() < 0.01 ? 500 : 200,
    reason:
      'RBAC: allowed by ClusterRoleBinding "system:public-info-viewer" of ClusterRole "system:public-info-viewer" to Group "system:unauthenticated"',
    latencyMicros: quick(random),
  };
}

function operate(random: Random): SimulatedRequest {
  const namespace = random.pick(NAMESPACES);
  const name = random.pick(APPS);
  return random.pick<() => SimulatedRequest>([
    () => request(ACTORS.prometheus, 'list', { resource: 'pods' }, random, { latencyMicros: random.int(5000, 90_000) }),
    () => request(ACTORS.argocd, 'get', { ...DEPLOYMENTS, namespace, name }, random),
    () => request(ACTORS.argocd, 'list', { resource: 'services', namespace }, random),
    () => request(ACTORS.certManager, 'get', { resource: 'secrets', namespace, name: `${name}-tls` }, random),
    () => request(ACTORS.coredns, 'list', { resource: 'namespaces' }, random),
  ])();
}

function workInHours(random: Random): SimulatedRequest {
  const actor = random.pick([...PEOPLE]);
  const namespace = random.pick(NAMESPACES);
  return random.pick<() => SimulatedRequest>([
    () =>
      request(actor, 'list', { resource: 'pods', namespace }, random, {
        uri: `${pathOf({ resource: 'pods', namespace })}?limit=500`,
      }),
    () => request(actor, 'get', { ...DEPLOYMENTS, namespace, name: random.pick(APPS) }, random),
    () => request(actor, 'get', { ...ofPod(random), subresource: 'log' }, random, { lastsMs: random.int(200, 60_000) }),
    () =>
      request(actor, 'get', ofPod(random), random, random.next() < 0.1 ? { code: 404, message: 'pods not found' } : {}),
    () =>
      request(actor, 'patch', { ...DEPLOYMENTS, namespace, name: random.pick(APPS), subresource: 'scale' }, random, {
        body: { spec: { replicas: random.int(1, 6) } },
      }),
    () => request(actor, 'list', { resource: 'events', namespace }, random),
  ])();
}

/** The odd refusal, failed login and cleaning up of one's own: too few to be anything. */
function stumble(random: Random): SimulatedRequest {
  const actor = random.pick([...PEOPLE]);
  return random.pick<() => SimulatedRequest>([
    () =>
      request(actor, 'list', { resource: 'secrets', namespace: 'payments' }, random, {
        code: 403,
        message: 'secrets is forbidden',
      }),
    () =>
      request({ ...actor, ip: `198.51.100.${random.int(20, 250)}` }, 'list', { resource: 'pods' }, random, {
        code: 401,
      }),
    () => request(actor, 'delete', ofPod(random), random),
  ])();
}

function deploy(random: Random): SimulatedRequest {
  const namespace = random.pick(['prod', 'staging']);
  const name = random.pick(APPS);
  const container = { name, image: `registry.example.com/${name}:1.${random.int(0, 40)}` };
  return random.pick<() => SimulatedRequest>([
    () =>
      request(ACTORS.deployer, 'patch', { ...DEPLOYMENTS, namespace, name }, random, {
        body: { spec: { template: { spec: { containers: [container] } } } },
      }),
    () => request(ACTORS.deployer, 'get', { ...DEPLOYMENTS, namespace, name }, random),
    () =>
      request(
        ACTORS.deployer,
        'get',
        { resource: 'secrets', namespace, name: `sh.helm.release.v1.${name}.v${random.int(3, 60)}` },
        random,
      ),
  ])();
}

const office = (hour: number): number => (hour >= 8 && hour < 18 ? 1 : 0.04);

const ROUTINES: readonly Routine[] = [
  { weight: 24, behave: renewLease },
  { weight: 18, behave: renewLeadership },
  { weight: 14, behave: reportStatus },
  { weight: 8, behave: readOwnObjects },
  { weight: 1, behave: renewToken },
  { weight: 8, behave: watch },
  { weight: 8, behave: reconcile },
  { weight: 6, behave: probe },
  { weight: 8, behave: operate },
  { weight: 6, behave: workInHours, curve: office },
  { weight: 0.15, behave: stumble, curve: office },
  { weight: 1.5, behave: deploy, curve: office },
];

/** A request of the kind that is likely at this hour of the day. */
export function routineRequest(random: Random, hour: number): SimulatedRequest {
  const weights = ROUTINES.map(({ weight, curve }) => weight * (curve?.(hour) ?? 1));
  let left = random.next() * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [at, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) return (ROUTINES[at]?.behave ?? renewLease)(random);
  }
  return renewLease(random);
}
