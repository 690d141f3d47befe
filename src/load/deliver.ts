import {
  bytesOfRaw,
  type DocumentContext,
  type DocumentText,
  fallbackOf,
  oursOf,
  variantId,
  variantOf,
} from '../audit/document.ts';
import { eventsAlias, variantsIndex } from '../audit/indices.ts';
import { addressOf, type BulkOutcome } from '../shared/bulk.ts';
import { type Batch, batchesOf, type Destination, type Entry, releaseBatch, textOf } from './batch.ts';
import { judgeConflicts, storedByThisRun, variantHash } from './conflicts.ts';
import { settle } from './ledger.ts';
import type { Quarantine } from './quarantine.ts';
import type { Store } from './store.ts';
import type { Tally } from './tally.ts';

export interface Delivery {
  readonly store: Store;
  readonly context: DocumentContext;
  readonly quarantine: Quarantine;
  /** Refused documents by the server's type of error. */
  readonly rejections: Tally;
  /** Indices that are known to be there. */
  readonly ready: Map<string, Promise<void>>;
  /** Told when the server asks for less. */
  readonly onRefusal: () => void;
  /** Told of each index before documents go to it. */
  readonly onIndex: (index: string) => Promise<void>;
}

interface Refused {
  readonly entry: Entry;
  readonly reason: string;
}

/** What a batch leaves open after it was sent. */
interface Unsettled {
  readonly batch: Batch;
  readonly refused: readonly Refused[];
  readonly conflicts: readonly Entry[];
}

/**
 * Stores a batch and enters every event's fate in its ledger. What the server refuses goes again as a fallback, what
 * has its id taken is compared with what is there, and what still has no place goes to the quarantine.
 */
export async function deliverBatch(delivery: Delivery, batch: Batch): Promise<void> {
  const first = await createAll(delivery, batch);
  await resolveConflicts(delivery, first);
  for (const fallbacks of await fallbackBatches(delivery, first)) {
    const second = await createAll(delivery, fallbacks);
    await resolveConflicts(delivery, second);
    for (const refused of second.refused) await quarantineEntry(delivery, fallbacks, refused);
    releaseBatch(fallbacks);
  }
}

/** Creates the documents; enters those that were created and gives back the others. */
async function createAll(delivery: Delivery, batch: Batch): Promise<Unsettled> {
  const refused: Refused[] = [];
  const conflicts: Entry[] = [];
  await prepareIndices(delivery, batch);
  const outcomes = await delivery.store.create(batch, delivery.onRefusal);
  for (const [at, entry] of batch.documents.entries()) {
    const outcome = outcomeAt(outcomes, at);
    if (outcome.kind === 'created') settle(entry.segment, 'created', entry.degraded);
    else if (outcome.kind === 'conflict') conflicts.push(entry);
    else {
      delivery.rejections.add(outcome.reason);
      refused.push({ entry, reason: outcome.reason });
    }
  }
  return { batch, refused, conflicts };
}

async function prepareIndices(delivery: Delivery, { indices }: Batch): Promise<void> {
  const alias = eventsAlias(delivery.context.namespace);
  for (const index of indices) await prepareIndex(delivery, index, alias);
}

async function prepareIndex(delivery: Delivery, index: string, alias: string | undefined): Promise<void> {
  const { store, ready, onIndex } = delivery;
  const known = ready.get(index) ?? store.ensureIndex(index, alias);
  ready.set(index, known);
  await known;
  await onIndex(index);
}

function outcomeAt(outcomes: readonly BulkOutcome[], at: number): BulkOutcome {
  return outcomes[at] ?? { kind: 'refused', reason: 'the server gave no outcome' };
}

/** Fallbacks of what was refused; where there is none, the event goes to the quarantine. */
async function fallbackBatches(delivery: Delivery, { batch, refused }: Unsettled): Promise<readonly Batch[]> {
  const fallbacks: [DocumentText, Destination][] = [];
  for (const { entry, reason } of refused) {
    const fallback = fallbackOf(textOf(batch, entry));
    if (fallback === undefined) await quarantineEntry(delivery, batch, { entry, reason });
    else
      fallbacks.push([fallback, { ...addressOf(batch, entry), segment: entry.segment, degraded: 'refused-by-server' }]);
  }
  return batchesOf(fallbacks);
}

async function resolveConflicts(delivery: Delivery, { batch, conflicts }: Unsettled): Promise<void> {
  if (conflicts.length === 0) return;
  const variants: Entry[] = [];
  for (const { entry, verdict } of await judgeConflicts(delivery.store, batch, conflicts)) {
    if (verdict === 'variant') variants.push(entry);
    else settle(entry.segment, verdict, entry.degraded);
  }
  await storeVariants(delivery, batch, variants);
}

async function storeVariants(delivery: Delivery, batch: Batch, entries: readonly Entry[]): Promise<void> {
  if (entries.length === 0) return;
  const index = variantsIndex(delivery.context.namespace);
  await prepareIndex(delivery, index, undefined);
  const documents = entries.map((entry): [DocumentText, Destination] => {
    const { id } = addressOf(batch, entry);
    return [variantOf(textOf(batch, entry), id), { ...entry, index, id: variantId(id, variantHash(batch, entry)) }];
  });
  for (const variants of batchesOf(documents)) {
    const outcomes = await delivery.store.create(variants, delivery.onRefusal);
    const conflicts = variants.documents.filter((_, at) => outcomeAt(outcomes, at).kind === 'conflict');
    const ours = await storedByThisRun(delivery.store, variants, conflicts);
    for (const [at, entry] of variants.documents.entries()) {
      const outcome = outcomeAt(outcomes, at);
      if (outcome.kind === 'refused') await quarantineEntry(delivery, variants, { entry, reason: outcome.reason });
      else settle(entry.segment, outcome.kind === 'created' || ours.has(entry) ? 'variant' : 'duplicate');
    }
    releaseBatch(variants);
  }
}

async function quarantineEntry({ quarantine }: Delivery, batch: Batch, { entry, reason }: Refused): Promise<void> {
  const document = textOf(batch, entry);
  const { origin, raw } = oursOf(document).kaudit;
  const invalidBytes = raw === undefined ? undefined : bytesOfRaw(raw);
  const text = invalidBytes?.toString('utf8') ?? raw ?? `${document.event}}`;
  const kept = { text, ...(invalidBytes && { invalidBytes }), range: undefined, origin };
  await quarantine.add({ ...kept, reason: 'refused-by-server', detail: reason });
  settle(entry.segment, 'quarantined', 'refused-by-server');
}
