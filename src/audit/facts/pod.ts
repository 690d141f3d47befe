import { isObject, type JsonObject, stringOf, stringsOf } from '../event.ts';
import { at, distinct, objectsIn } from './bodies.ts';
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
  const images = distinct(containers.map((container) => container['image']));
  const hostPaths = distinct(
    specs.flatMap((spec) => objectsIn(spec['volumes'])).map((volume) => at(volume, 'hostPath', 'path')),
  );
  const capabilities = distinct(
    containers.flatMap((container) => stringsOf(at(container, 'securityContext', 'capabilities', 'add'))),
  );
  const account = specs
    .map((spec) => stringOf(spec['serviceAccountName']) ?? stringOf(spec['serviceAccount']))
    .find((name) => name !== undefined);
  const has = (key: string): boolean => specs.some((spec) => spec[key] === true);
  return {
    ...(images && { images }),
    ...(containers.some((container) => at(container, 'securityContext', 'privileged') === true) && {
      privileged: true,
    }),
    ...(has('hostNetwork') && { host_network: true }),
    ...(has('hostPID') && { host_pid: true }),
    ...(has('hostIPC') && { host_ipc: true }),
    ...(hostPaths && { host_paths: hostPaths }),
    ...(capabilities && { added_capabilities: capabilities }),
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
