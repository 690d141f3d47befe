import type { JsonObject } from '../audit/event.ts';
import type { Bucket } from '../audit/indices.ts';

/** The body of a bulk request: for each document the line that says where it goes, then its JSON on one line. */
export interface BulkBody {
  readonly bytes: Buffer;
  /** Where each document's two lines lie, and its JSON among them; one after the other, from 0 to the end. */
  readonly documents: readonly { readonly start: number; readonly event: number; readonly end: number }[];
}

export type StoreOutcome =
  | { readonly kind: 'created' }
  /** The id is taken; `resent`: perhaps by an earlier try of this same document. */
  | { readonly kind: 'conflict'; readonly resent: boolean }
  | { readonly kind: 'refused'; readonly reason: string };

export interface StoreAddress {
  readonly index: string;
  readonly id: string;
}

/** What the loader needs of Elasticsearch. */
export interface Store {
  /** The time whose events share an index: fixed for a namespace, since identity holds within one index. */
  readonly bucket: Bucket;
  /** Makes sure that an index is there, behind its alias where it has one. */
  readonly ensureIndex: (index: string, alias: string | undefined) => Promise<void>;
  /** What tells an index from a later one of the same name. */
  readonly indexId: (index: string) => Promise<string>;
  /** Creates documents; an outcome for each, in their order. `onRefusal` is told when the server asks for less. */
  readonly create: (body: BulkBody, onRefusal?: () => void) => Promise<readonly StoreOutcome[]>;
  /** Stored sources, in the order asked for; `fields` limits them. */
  readonly get: (
    addresses: readonly StoreAddress[],
    fields?: readonly string[],
  ) => Promise<readonly (JsonObject | undefined)[]>;
}
