import type { DocumentText } from '../audit/document.ts';
import { type Batch, BatchWriter, type Destination, releaseBatch } from './batch.ts';
import type { Window } from './window.ts';

/** Collects documents into batches and delivers them, as many at a time as the window admits. Memory is bounded by both. */
export interface Outbox {
  /** Takes a document; true when the caller should wait for room before the next. */
  readonly add: (document: DocumentText, destination: Destination) => boolean;
  /** Resolves when the next batch may be filled; throws what a delivery threw. */
  readonly room: () => Promise<void>;
  /** Delivers what has been added so far, and waits for it. */
  readonly flush: () => Promise<void>;
  /** Delivers the rest and waits for all. */
  readonly finish: () => Promise<void>;
}

export interface OutboxHooks {
  /** Called behind each batch that was delivered. Its time is not the server's, so that the window does not count it. */
  readonly delivered?: () => Promise<void>;
  /** Told at once when a delivery has failed: whoever reads need not find out with the next full batch. */
  readonly failed?: () => void;
}

export function openOutbox(
  deliver: (batch: Batch) => Promise<void>,
  window: Window,
  { delivered, failed }: OutboxHooks = {},
): Outbox {
  const writer = new BatchWriter();
  const waiting: Batch[] = [];
  const underWay = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;

  const send = async (batch: Batch): Promise<void> => {
    const started = performance.now();
    const { length } = batch.bytes;
    window.enter(length);
    try {
      await deliver(batch).finally(() => window.leave(length, performance.now() - started));
      releaseBatch(batch);
      await delivered?.();
    } catch (error) {
      failure ??= { error };
      failed?.();
    }
  };
  const pump = (): void => {
    for (let [next] = waiting; next !== undefined && window.admits(next.bytes.length); [next] = waiting) {
      waiting.shift();
      if (failure !== undefined) continue;
      const sent = send(next).then(() => {
        underWay.delete(sent);
        pump();
      });
      underWay.add(sent);
    }
  };
  const dispatch = (): void => {
    const batch = writer.take();
    if (batch.documents.length === 0) return;
    waiting.push(batch);
    pump();
  };
  const throwFailure = (): void => {
    if (failure !== undefined) throw failure.error;
  };
  const until = async (done: () => boolean): Promise<void> => {
    while (!done() && underWay.size > 0) await Promise.race(underWay);
    throwFailure();
  };

  return {
    add: (document, destination) => {
      if (writer.add(document, destination)) return false;
      dispatch();
      writer.add(document, destination);
      return waiting.length > 0 || failure !== undefined;
    },
    room: () => until(() => waiting.length === 0 || failure !== undefined),
    flush: async () => {
      dispatch();
      await until(() => waiting.length === 0);
      await Promise.all(underWay);
      throwFailure();
    },
    finish: () => {
      dispatch();
      return until(() => false);
    },
  };
}
