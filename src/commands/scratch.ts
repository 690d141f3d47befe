import { randomBytes } from 'node:crypto';
import { eventsIndex, variantsIndex } from '../audit/indices.ts';
import type { Cluster } from '../elastic/index.ts';

/** A namespace that nobody else uses, to be removed again. */
export function scratchNamespace(): string {
  return `scenarios_${randomBytes(6).toString('hex')}`;
}

/** Deletes the indices of a scratch namespace, one by one: clusters usually forbid deleting by pattern. */
export async function removeNamespace(cluster: Cluster, namespace: string): Promise<void> {
  const pattern = `${eventsIndex(namespace, '*')},${variantsIndex(namespace)}`;
  const found = await cluster.send({
    method: 'GET',
    path: `/${pattern}/_settings?ignore_unavailable=true&filter_path=*.settings.index.uuid`,
  });
  const names = typeof found.body === 'object' && found.body !== null ? Object.keys(found.body) : [];
  for (const name of names) await cluster.send({ method: 'DELETE', path: `/${name}` });
}
