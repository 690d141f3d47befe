import type { Store } from '../../src/load/index.ts';
import type { BulkBody, BulkOutcome } from '../../src/shared/bulk.ts';
import type { JsonObject } from '../../src/shared/json.ts';

export interface MemoryStore extends Store {
  /** Sources by `index/id`. */
  readonly documents: ReadonlyMap<string, JsonObject>;
}

/** A store that knows nothing of servers: for what the loader does with one. */
export function memoryStore(changes: Partial<Store> = {}): MemoryStore {
  const documents = new Map<string, JsonObject>();
  return {
    documents,
    bucket: 'month',
    ensureIndex: async () => {},
    indexId: async (index) => `id of ${index}`,
    create: async (body) => documentsIn(body).map(([key, source]) => createIn(documents, key, source)),
    get: async (addresses) => addresses.map(({ index, id }) => documents.get(`${index}/${id}`)),
    ...changes,
  };
}

function createIn(documents: Map<string, JsonObject>, key: string, source: JsonObject): BulkOutcome {
  if (documents.has(key)) return { kind: 'conflict' };
  documents.set(key, source);
  return { kind: 'created' };
}

/** The documents of a request by `index/id`. */
export function documentsIn({ bytes, documents }: BulkBody): readonly (readonly [string, JsonObject])[] {
  return documents.map(({ start, event, end }) => {
    const { create } = JSON.parse(bytes.toString('utf8', start, event)) as { create: { _index: string; _id: string } };
    return [`${create._index}/${create._id}`, JSON.parse(bytes.toString('utf8', event, end)) as JsonObject];
  });
}
