import { isObject, type JsonObject } from '../audit/event.ts';
import { KauditError } from '../shared/errors.ts';
import type { Cluster } from './cluster.ts';

export interface DocumentAddress {
  readonly index: string;
  readonly id: string;
}

/**
 * Sources of stored documents, in the order asked for, undefined where there is none. Realtime: sees what has not been
 * refreshed yet. `fields` limits the source to some paths.
 */
export async function getStored(
  cluster: Cluster,
  addresses: readonly DocumentAddress[],
  fields: readonly string[] = [],
): Promise<readonly (JsonObject | undefined)[]> {
  if (addresses.length === 0) return [];
  const filter = fields.length === 0 ? '' : `?_source_includes=${fields.join(',')}`;
  const docs = addresses.map(({ index, id }) => ({ _index: index, _id: id }));
  const answer = await cluster.ask('POST', `/_mget${filter}`, { docs });
  const found = isObject(answer) && Array.isArray(answer['docs']) ? answer['docs'] : [];
  if (found.length !== docs.length) {
    throw new KauditError('server-refused', `${cluster.url} answered for ${found.length} of ${docs.length} documents.`);
  }
  return found.map((entry: unknown) => (isObject(entry) && isObject(entry['_source']) ? entry['_source'] : undefined));
}
