import { isObject, type JsonObject } from '../../shared/json.ts';
import { at, objectsIn } from './values.ts';

/** Where a pod's spec lies in objects that make pods: workloads, CronJobs, PodTemplates, and custom resources like them. */
const TEMPLATE_PATHS = [
  ['spec', 'template', 'spec'],
  ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
  ['template', 'spec'],
] as const;
export const CONTAINER_LISTS = ['containers', 'initContainers', 'ephemeralContainers'] as const;
/** Kubernetes' own groups, whose kinds have their templates at the paths above and nowhere else; x-k8s.io is of its projects. */
const OWN_GROUP = /^[^.]*$|\.k8s\.io$/;
/** A custom resource is a tree of any shape: this much of it is looked at. */
const MOST_NODES = 20_000;

/** All specs of pods in an object: that of the pod itself, and those of templates. */
export function podSpecsOf(
  body: JsonObject,
  resource: string | undefined,
  group: string | undefined,
): readonly JsonObject[] {
  if (!OWN_GROUP.test(group ?? '')) return specsAnywhere(body);
  const own = body['spec'];
  const isPod = isObject(own) && (resource === 'pods' || hasContainers(own));
  const templates = TEMPLATE_PATHS.map((path) => at(body, ...path)).filter(isObject);
  return isPod ? [own, ...templates] : templates;
}

export function containersOf(spec: JsonObject): readonly JsonObject[] {
  return CONTAINER_LISTS.flatMap((list) => objectsIn(spec[list]));
}

function hasContainers(spec: JsonObject): boolean {
  return CONTAINER_LISTS.some((list) => Array.isArray(spec[list]));
}

/** What has containers, or is the spec of a template: clusters of Ray, jobs of Kubeflow, rollouts and many others. */
function specsAnywhere(body: JsonObject): readonly JsonObject[] {
  const found: JsonObject[] = [];
  const waiting: unknown[] = [body];
  for (let seen = 0; seen < waiting.length && seen < MOST_NODES; seen += 1) {
    const node = waiting[seen];
    if (Array.isArray(node)) for (const item of node) waiting.push(item);
    if (!isObject(node)) continue;
    const templated = at(node, 'template', 'spec');
    if (isObject(templated) && !hasContainers(templated)) found.push(templated);
    if (hasContainers(node)) found.push(node);
    else for (const value of Object.values(node)) if (typeof value === 'object') waiting.push(value);
  }
  return found;
}
