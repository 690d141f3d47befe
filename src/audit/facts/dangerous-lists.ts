import { at, type JsonObject, stringOf, stringsOf } from '../../shared/json.ts';
import type { ContainerKind } from './body-types.ts';
import { capabilityDangers, hostPathDangers, normalCapability, normalPath } from './host-access.ts';
import { allAt, objectsIn } from './values.ts';

const LISTS: readonly (readonly [ContainerKind, string])[] = [
  ['containers', 'containers'],
  ['init', 'initContainers'],
  ['ephemeral', 'ephemeralContainers'],
];

/**
 * In which lists a container stands that can take over the node by itself: by its security context, or by mounting a
 * dangerous part of the node. What the whole pod shares, such as a host namespace, stands in none of them.
 */
export function dangerousLists(specs: readonly JsonObject[]): readonly ContainerKind[] | undefined {
  const volumes = new Set(
    allAt(specs, 'volumes')
      .filter(isDangerousVolume)
      .map((volume) => at(volume, 'name')),
  );
  const held = LISTS.filter(([, list]) =>
    specs.some((spec) => objectsIn(spec[list]).some((container) => isDangerous(container, volumes))),
  );
  return held.length === 0 ? undefined : held.map(([kind]) => kind);
}

function isDangerousVolume(volume: unknown): boolean {
  const path = stringOf(at(volume, 'hostPath', 'path'));
  return path !== undefined && hostPathDangers([normalPath(path)]).size > 0;
}

function isDangerous(container: JsonObject, volumes: ReadonlySet<unknown>): boolean {
  const context = container['securityContext'];
  const added = stringsOf(at(context, 'capabilities', 'add')).map(normalCapability);
  return (
    at(context, 'privileged') === true ||
    at(context, 'windowsOptions', 'hostProcess') === true ||
    capabilityDangers(added).size > 0 ||
    allAt([container], 'volumeMounts', 'name').some((name) => volumes.has(name))
  );
}
