import type { Bucket } from '../audit/indices.ts';
import type { BulkBody, BulkOutcome, DocumentAddress } from '../shared/bulk.ts';
import type { JsonObject } from '../shared/json.ts';

/** What the loader needs of Elasticsearch. */
export interface Store {
  /** The time whose events share an index: fixed for a namespace, since identity holds within one index. */
  readonly bucket: Bucket;
  /** Makes sure that an index is there, behind its alias where it has one. */
  readonly ensureIndex: (index: string, alias: string | undefined) => Promise<void>;
  /** What tells an index from a later one of the same name. */
  readonly indexId: (index: string) => Promise<string>;
  /** Creates documents; an outcome for each, in their order. `onRefusal` is told when the server asks for less. */
  readonly create: (body: BulkBody, onRefusal?: () => void) => Promise<readonly BulkOutcome[]>;
  /** Stored sources, in the order asked for; `fields` limits them. */
  readonly get: (
    addresses: readonly DocumentAddress[],
    fields?: readonly string[],
  ) => Promise<readonly (JsonObject | undefined)[]>;
}
