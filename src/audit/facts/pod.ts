import { isObject, type JsonObject, stringOf, stringsOf } from '../event.ts';
import { at, distinct, objectsIn } from './bodies.ts';
import { capabilityDangers, hostPathDangers, normalPath } from './host-access.ts';
import type { PodFacts } from './types.ts';

/** Where a pod's spec lies in objects that make pods: workloads, CronJobs, PodTemplates, and custom resources like them. */
const TEMPLATE_PATHS = [
  ['spec', 'template', 'spec'],
  ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
  ['template', 'spec'],
] as const;
const CONTAINER_LISTS = ['containers', 'initContainers', 'ephemeralContainers'] as const;

/** What the pods of the request may do on their node. Booleans are present only when they are true. */
export function podFacts(bodies: readonly JsonObject[], resource: string | undefined): PodFacts | undefined {
  const specs = bodies.flatMap((body) => specsOf(body, resource));
  if (specs.length === 0) return undefined;
  const containers = specs.flatMap(containersOf);
  const security = [...specs, ...containers].map((part) => part['securityContext']);
  const paths = specs
    .flatMap((spec) => objectsIn(spec['volumes']))
    .map((volume) => stringOf(at(volume, 'hostPath', 'path')))
    .filter((path) => path !== undefined)
    .map(normalPath);
  const capabilities = security.flatMap((context) => stringsOf(at(context, 'capabilities', 'add')));
  const has = (key: string): boolean => specs.some((spec) => spec[key] === true);
  const powers = {
    privileged: security.some((context) => at(context, 'privileged') === true),
    'host-network': has('hostNetwork'),
    'host-pid': has('hostPID'),
    'host-ipc': has('hostIPC'),
    'host-process': security.some((context) => at(context, 'windowsOptions', 'hostProcess') === true),
  };
  const dangerous = distinct([
    ...Object.entries(powers).flatMap(([name, held]) => (held ? [name] : [])),
    ...hostPathDangers(paths),
    ...capabilityDangers(capabilities),
  ]);
  const images = distinct(containers.map((container) => container['image']));
  const hostPaths = distinct(paths);
  const added = distinct(capabilities);
  const account = specs
    .map((spec) => stringOf(spec['serviceAccountName']) ?? stringOf(spec['serviceAccount']))
    .find((name) => name !== undefined);
  return {
    ...(dangerous && { dangerous }),
    ...(images && { images }),
    ...(powers.privileged && { privileged: true }),
    ...(powers['host-network'] && { host_network: true }),
    ...(powers['host-pid'] && { host_pid: true }),
    ...(powers['host-ipc'] && { host_ipc: true }),
    ...(hostPaths && { host_paths: hostPaths }),
    ...(added && { added_capabilities: added }),
    ...(specs.some(runsAsRoot) && { run_as_root: true }),
    ...(account !== undefined && { service_account: account }),
  };
}

function specsOf(body: JsonObject, resource: string | undefined): readonly JsonObject[] {
  const own = body['spec'];
  const isPod = isObject(own) && (resource === 'pods' || CONTAINER_LISTS.some((list) => Array.isArray(own[list])));
  const templates = TEMPLATE_PATHS.map((path) => at(body, ...path)).filter(isObject);
  return isPod ? [own, ...templates] : templates;
}

function containersOf(spec: JsonObject): readonly JsonObject[] {
  return CONTAINER_LISTS.flatMap((list) => objectsIn(spec[list]));
}

/** Only what is asked for by number: an image's own user is not in the log. A container's setting beats its pod's. */
function runsAsRoot(spec: JsonObject): boolean {
  const podUser = at(spec, 'securityContext', 'runAsUser');
  const containers = containersOf(spec);
  if (containers.length === 0) return podUser === 0;
  return containers.some((container) => (at(container, 'securityContext', 'runAsUser') ?? podUser) === 0);
}
