import { at, isObject, type JsonObject, stringOf } from '../../shared/json.ts';
import type { PersistentVolumeFacts } from './body-types.ts';
import { hostPathDangers, normalPath } from './host-access.ts';
import { allAt, distinct, firstText, objectsIn, present, textOf } from './values.ts';

/** Members of a volume's spec that are no kind of volume, although they are objects. */
const NO_TYPE = new Set(['capacity', 'claimRef', 'nodeAffinity']);

/** The disk of a node can be reached through a volume, past every check of the pod that claims it. */
export function persistentVolumeFacts(bodies: readonly JsonObject[]): PersistentVolumeFacts | undefined {
  const specs = allAt(bodies, 'spec').filter(isObject);
  const types = specs.flatMap(Object.entries).filter(([key, value]) => isObject(value) && !NO_TYPE.has(key));
  const paths = [...allAt(specs, 'hostPath', 'path'), ...allAt(specs, 'local', 'path')]
    .map(stringOf)
    .filter((path) => path !== undefined)
    .map(normalPath);
  return present({
    type: textOf(types[0]?.[0]),
    path: textOf(paths[0]),
    dangerous: distinct(hostPathDangers(paths)),
    claim: claimOf(specs),
  });
}

function claimOf(specs: readonly JsonObject[]): string | undefined {
  const name = firstText(specs, 'claimRef', 'name');
  return name === undefined ? undefined : `${firstText(specs, 'claimRef', 'namespace') ?? '?'}/${name}`;
}

/** ResourceClaims and their templates, in the shapes that the alpha, beta and stable versions have. */
export function asksAdminAccess(bodies: readonly JsonObject[]): boolean {
  const specs = [...allAt(bodies, 'spec'), ...allAt(bodies, 'spec', 'spec')];
  const requests = allAt(specs, 'devices', 'requests').filter(isObject);
  return (
    [...requests, ...requests.map((request) => request['exactly'])].some(
      (request) => at(request, 'adminAccess') === true,
    ) || requests.some((request) => objectsIn(request['firstAvailable']).some((one) => one['adminAccess'] === true))
  );
}
