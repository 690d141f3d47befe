import type { DocumentText } from '../audit/document.ts';
import type { Degraded } from '../audit/facts/types.ts';
import type { BulkBody, DocumentAddress } from '../shared/bulk.ts';
import type { Segment } from './ledger.ts';

/** Throughput is flat from 5 MB a request up (measured: see bench/); the memory of both sides is not. */
export const BATCH_BYTES = 5 * 1024 * 1024;

/** What a document is written for. */
export interface Destination extends DocumentAddress {
  readonly segment: Segment;
  readonly degraded: Degraded | undefined;
}

/**
 * A document on its way. Only places in the body of its batch: strings that live until the answer comes would cost the
 * garbage collector more than everything else that is done for an event.
 */
export interface Entry {
  readonly segment: Segment;
  readonly degraded: Degraded | undefined;
  /** Where its two lines begin, its event, what was added; and the end, the last newline included. */
  readonly start: number;
  readonly event: number;
  readonly added: number;
  readonly end: number;
}

export interface Batch extends BulkBody {
  readonly documents: readonly Entry[];
  /** The indices that its documents go to. */
  readonly indices: ReadonlySet<string>;
}

/** Writes documents one after the other into a bulk body. */
export class BatchWriter {
  #bytes: Buffer = EMPTY;
  #end = 0;
  #documents: Entry[] = [];
  #indices = new Set<string>();

  /** Writes a document; false where it does not fit, and then the batch is to be taken first. */
  add(document: DocumentText, { index, id, segment, degraded }: Destination): boolean {
    const action = `${ACTION}"${index}","_id":"${id}"}}\n`;
    const most = action.length + mostBytes(document.event) + mostBytes(document.added) + 1;
    if (!this.#makeRoom(most)) return false;
    const start = this.#end;
    const event = start + this.#bytes.write(action, start, 'latin1');
    const added = event + this.#write(document.event, event);
    const newline = added + this.#write(document.added, added);
    this.#bytes[newline] = NEWLINE;
    this.#end = newline + 1;
    this.#documents.push({ segment, degraded, start, event, added, end: this.#end });
    this.#indices.add(index);
    return true;
  }

  /** What has been written; begins anew. */
  take(): Batch {
    const batch = { bytes: this.#bytes.subarray(0, this.#end), documents: this.#documents, indices: this.#indices };
    this.#bytes = EMPTY;
    this.#end = 0;
    this.#documents = [];
    this.#indices = new Set();
    return batch;
  }

  #makeRoom(bytes: number): boolean {
    if (this.#end + bytes <= this.#bytes.length) return true;
    if (this.#end > 0) return false;
    // One document may be larger than a batch.
    this.#bytes = bytes <= BATCH_BYTES ? takeBuffer() : Buffer.allocUnsafeSlow(bytes);
    return true;
  }

  #write(text: string | Buffer, at: number): number {
    if (typeof text === 'string') return this.#bytes.write(text, at);
    this.#bytes.set(text, at);
    return text.length;
  }
}

const EMPTY = Buffer.alloc(0);
const NEWLINE = 10;
const ACTION = '{"create":{"_index":';

/** Buffers of batches that are done with: the first touch of fresh memory costs more than writing to it. */
const spare: ArrayBufferLike[] = [];
const MOST_SPARE = 2;

function takeBuffer(): Buffer {
  const memory = spare.pop();
  return memory === undefined ? Buffer.allocUnsafeSlow(BATCH_BYTES) : Buffer.from(memory);
}

/** Gives a batch's memory back, when nobody will read it again. */
export function releaseBatch({ bytes }: Batch): void {
  if (bytes.buffer.byteLength === BATCH_BYTES && spare.length < MOST_SPARE) spare.push(bytes.buffer);
}

/** A UTF-16 unit takes three bytes of UTF-8 at the most. */
export function mostBytes(text: string | Buffer): number {
  return typeof text === 'string' ? text.length * 3 : text.length;
}

/** All documents, in as many batches as they fill. */
export function batchesOf(documents: Iterable<readonly [DocumentText, Destination]>): readonly Batch[] {
  const writer = new BatchWriter();
  const batches: Batch[] = [];
  for (const [document, destination] of documents) {
    if (writer.add(document, destination)) continue;
    batches.push(writer.take());
    writer.add(document, destination);
  }
  return [...batches, writer.take()].filter((batch) => batch.documents.length > 0);
}

/** The texts that an entry was written from. */
export function textOf({ bytes }: Batch, { event, added, end }: Entry): DocumentText & { readonly event: string } {
  return { event: bytes.toString('utf8', event, added), added: bytes.toString('utf8', added, end - 1) };
}
