/** What a healthy cluster does all day. Nothing here may look like an attack of high severity. */
import type { JsonObject } from '../shared/json.ts';
import { ACTORS, APPS, kubelet, NAMESPACES, NODES, PEOPLE } from './cluster.ts';
import { pathOf } from './paths.ts';
import type { Random } from './random.ts';
import type { Actor, Ref, SimulatedRequest } from './request.ts';

type Behaviour = (random: Random) => SimulatedRequest;

interface Routine {
  /** Share among all requests. */
  readonly weight: number;
  /** How much of its weight it has in an hour of the day, 0 to 23; constant where absent. */
  readonly curve?: (hour: number) => number;
  /** Requests an hour that it never exceeds, however busy the cluster: people do not type faster, refusals stay few. */
  readonly cap?: number;
  readonly behave: Behaviour;
}

const LEASES = { resource: 'leases', apiGroup: 'coordination.k8s.io' };
const DEPLOYMENTS = { resource: 'deployments', apiGroup: 'apps' };
const LEADERS = [ACTORS.controllerManager, ACTORS.scheduler] as const;
const HEALTH = ['/healthz', '/readyz', '/livez', '/version'] as const;
const WATCHED: readonly [Ref, ...Ref[]] = [
  { resource: 'pods' },
  { resource: 'services' },
  { resource: 'configmaps' },
  { resource: 'nodes' },
  { resource: 'endpointslices', apiGroup: 'discovery.k8s.io' },
  { ...DEPLOYMENTS },
];

const FASTEST_MICROS = 700;
const SLOWEST_MICROS = 1_800_000;

/** Half take less than 2 ms, one in twenty more than 50 ms, one in a hundred more than half a second: a Pareto tail. */
function latency(random: Random): number {
  return Math.min(SLOWEST_MICROS, Math.floor(FASTEST_MICROS * (1 - random.next()) ** -1.44));
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
    latencyMicros: latency(random),
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

/** A leader looks at its lease and renews it. */
function renewLeadership(random: Random): SimulatedRequest {
  const leader = random.pick(LEADERS);
  const verb = random.pick(['get', 'update', 'update']);
  // Somebody else wrote it in between: the update is told to try again.
  const late = random.next() < 0.004 && verb === 'update';
  const lease = { ...LEASES, namespace: 'kube-system', name: leader.username.slice('system:'.length) };
  return request(leader, verb, lease, random, late ? { code: 409 } : {});
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
    body: { kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1', spec: { expirationSeconds: 3607 } },
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

function podBody(random: Random, namespace: string, app: string): JsonObject {
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
    latencyMicros: latency(random),
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
    () => request(actor, 'get', ofPod(random), random, random.next() < 0.1 ? { code: 404 } : {}),
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
  { weight: 8, behave: watch, cap: 20_000 },
  { weight: 8, behave: reconcile },
  { weight: 6, behave: probe },
  { weight: 8, behave: operate },
  { weight: 6, behave: workInHours, curve: office, cap: 1500 },
  { weight: 0.15, behave: stumble, curve: office, cap: 12 },
  { weight: 1.5, behave: deploy, curve: office, cap: 300 },
];

const UNCAPPED = ROUTINES.reduce((sum, { weight, cap }) => sum + (cap === undefined ? weight : 0), 0);

/**
 * Makes the requests of a cluster that answers so many an hour: each of a kind that is likely in its hour of the day, 0 to 23.
 */
export function openRoutine(perHour: number): (random: Random, hour: number) => SimulatedRequest {
  const shares = Array.from({ length: 24 }, (_, hour) => ROUTINES.map((routine) => weightIn(routine, hour, perHour)));
  const sums = shares.map((weights) => weights.reduce((sum, weight) => sum + weight, 0));
  return (random, hour) => {
    let left = random.next() * (sums[hour] ?? 0);
    for (const [at, { behave }] of ROUTINES.entries()) {
      left -= shares[hour]?.[at] ?? 0;
      if (left < 0) return behave(random);
    }
    return renewLease(random);
  };
}

function weightIn({ weight, curve, cap = Number.POSITIVE_INFINITY }: Routine, hour: number, perHour: number): number {
  return Math.min(weight * (curve?.(hour) ?? 1), (cap * UNCAPPED) / perHour);
}
