import { at, isObject, type JsonObject, stringsOf } from '../../shared/json.ts';
import { allAt, objectsIn } from './values.ts';

/** Where a pod's spec lies in objects that make pods: workloads, CronJobs, PodTemplates, and custom resources like them. */
const TEMPLATE_PATHS = [
  ['spec', 'template', 'spec'],
  ['spec', 'jobTemplate', 'spec', 'template', 'spec'],
  ['template', 'spec'],
] as const;
export const CONTAINER_LISTS = ['containers', 'initContainers', 'ephemeralContainers'] as const;
/** Kubernetes' own groups, whose kinds have their templates at the paths above and nowhere else; x-k8s.io is of its projects. */
const OWN_GROUP = /^[^.]*$|\.k8s\.io$/;
/** A custom resource is a tree of any shape: so many of its objects and lists are looked at. */
const MOST_NODES = 100_000;

export interface PodSpecs {
  readonly specs: readonly JsonObject[];
  /** An object was too large to be looked through. */
  readonly partial: boolean;
}

/** All specs of pods in objects: those of pods themselves, and those of templates. */
export function podSpecsOf(
  bodies: readonly JsonObject[],
  resource: string | undefined,
  group: string | undefined,
): PodSpecs {
  if (OWN_GROUP.test(group ?? '')) return { specs: bodies.flatMap((body) => ownSpecs(body, resource)), partial: false };
  const found = bodies.map(specsAnywhere);
  return { specs: found.flatMap(({ specs }) => specs), partial: found.some(({ partial }) => partial) };
}

function ownSpecs(body: JsonObject, resource: string | undefined): readonly JsonObject[] {
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

/** What has containers, or is the spec of a template: clusters of Ray, jobs of Kubeflow, workflows of Argo and many others. */
function specsAnywhere(body: JsonObject): PodSpecs {
  const specs: JsonObject[] = [];
  const waiting: (JsonObject | readonly unknown[])[] = [body];
  let seen = 0;
  for (; seen < waiting.length && seen < MOST_NODES; seen += 1) {
    const node = waiting[seen];
    if (isObject(node)) {
      const templated = at(node, 'template', 'spec');
      if (isObject(templated) && specOf(templated) === undefined) specs.push(templated);
      const spec = specOf(node);
      if (spec !== undefined) specs.push(spec);
    }
    for (const value of Object.values(node ?? {})) if (isObject(value) || Array.isArray(value)) waiting.push(value);
  }
  return { specs, partial: seen < waiting.length };
}

/** A spec by what is in it; a template of Argo has one container, and its workflow the volumes for all templates. */
function specOf(node: JsonObject): JsonObject | undefined {
  const single = singleContainers(node);
  if (single.length > 0) {
    const containers = [...objectsIn(node['containers']), ...single, ...objectsIn(node['sidecars'])];
    return { ...node, containers };
  }
  const isSpec = hasContainers(node) || allAt([node], 'volumes', 'hostPath').length > 0;
  return isSpec || objectsIn(node['templates']).some((one) => singleContainers(one).length > 0) ? node : undefined;
}

/** https://argo-workflows.readthedocs.io/en/latest/fields/#template: a script is a container that is given its text. */
function singleContainers({ container, script }: JsonObject): readonly JsonObject[] {
  const args = [...stringsOf(at(script, 'args')), ...stringsOf([at(script, 'source')])];
  return [container, isObject(script) ? { ...script, args } : undefined].filter(isObject).filter(isContainer);
}

function isContainer(value: JsonObject): boolean {
  return ['image', 'command', 'securityContext', 'volumeMounts'].some((key) => Object.hasOwn(value, key));
}
