import { KauditError } from './errors.ts';

/** The body of a bulk request: for each document an action line (`create`, with index and id), then its JSON on one line. */
export interface BulkBody {
  readonly bytes: Buffer;
  readonly documents: readonly BulkDocument[];
}

/** Where a document's two lines lie; one document after the other, from 0 to the end. */
export interface BulkDocument {
  readonly start: number;
  /** Of its JSON. */
  readonly event: number;
  readonly end: number;
}

export interface DocumentAddress {
  readonly index: string;
  readonly id: string;
}

/** Where a document goes: read back from its action line. */
export function addressOf({ bytes }: BulkBody, { start, event }: BulkDocument): DocumentAddress {
  const { create } = JSON.parse(bytes.toString('latin1', start, event)) as {
    readonly create: { readonly _index: string; readonly _id: string };
  };
  return { index: create._index, id: create._id };
}

export function addressAt(body: BulkBody, position: number): DocumentAddress {
  const document = body.documents[position];
  if (document === undefined) throw new KauditError('internal', `There is no document ${position} in this request.`);
  return addressOf(body, document);
}

/**
 * created   stored by this call
 * conflict  the id is taken, perhaps by an earlier try of this call whose answer was lost
 * refused   the server does not take this document, ever
 */
export type BulkOutcome =
  | { readonly kind: 'created' }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'refused'; readonly reason: string };
