import type { JsonObject } from '../audit/event.ts';
import type { Bucket } from '../audit/indices.ts';

/** A document on its way to the server. */
export interface StoreDocument {
  readonly index: string;
  readonly id: string;
  readonly json: string;
}

export type StoreOutcome =
  | { readonly kind: 'created' }
  /** The id is taken; `resent`: perhaps by an earlier try of this same document. */
  | { readonly kind: 'conflict'; readonly resent: boolean }
  | { readonly kind: 'refused'; readonly reason: string };

/** What the loader needs of Elasticsearch. */
export interface Store {
  /** The time whose events share an index: fixed for a namespace, since identity holds within one index. */
  readonly bucket: Bucket;
  /** Makes sure that an index is there, behind its alias where it has one. */
  readonly ensureIndex: (index: string, alias: string | undefined) => Promise<void>;
  /** Creates documents; an outcome for each, in their order. */
  readonly create: (documents: readonly StoreDocument[]) => Promise<readonly StoreOutcome[]>;
  /** Stored sources, in the order asked for; `fields` limits them. */
  readonly get: (
    addresses: readonly { readonly index: string; readonly id: string }[],
    fields?: readonly string[],
  ) => Promise<readonly (JsonObject | undefined)[]>;
}
