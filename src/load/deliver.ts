import { type AuditDocument, type DocumentContext, fallbackOf, variantOf } from '../audit/document.ts';
import { eventsAlias, variantsIndex } from '../audit/indices.ts';
import { type Conflict, judgeConflicts } from './conflicts.ts';
import type { Entry } from './entry.ts';
import { settle } from './ledger.ts';
import type { Quarantine } from './quarantine.ts';
import type { Store, StoreOutcome } from './store.ts';
import type { Tally } from './tally.ts';

export interface Delivery {
  readonly store: Store;
  readonly context: DocumentContext;
  readonly quarantine: Quarantine;
  /** Refused documents by the server's type of error. */
  readonly rejections: Tally;
  /** Indices that are known to be there. */
  readonly ready: Map<string, Promise<void>>;
}

interface Refused {
  readonly entry: Entry;
  readonly reason: string;
}

/**
 * Stores a batch and enters every event's fate in its ledger. What the server refuses goes again as a fallback, what
 * has its id taken is compared with what is there, and what still has no place goes to the quarantine.
 */
export async function deliverBatch(delivery: Delivery, entries: readonly Entry[]): Promise<void> {
  await prepareIndices(delivery, entries);
  const first = await createAll(delivery, entries);
  const fallbacks = first.refused.map(({ entry }) =>
    withDocument(entry, fallbackOf(entry.candidate, delivery.context)),
  );
  const second = await createAll(delivery, fallbacks);
  for (const refused of second.refused) await quarantineEntry(delivery, refused);
  await resolveConflicts(delivery, [...first.conflicts, ...second.conflicts]);
}

function withDocument(entry: Entry, document: AuditDocument): Entry {
  return { ...entry, document };
}

async function prepareIndices({ store, context, ready }: Delivery, entries: readonly Entry[]): Promise<void> {
  const alias = eventsAlias(context.namespace);
  for (const index of new Set(entries.map((entry) => entry.address.index))) {
    const known = ready.get(index) ?? store.ensureIndex(index, alias);
    ready.set(index, known);
    await known;
  }
}

interface Unsettled {
  readonly refused: readonly Refused[];
  readonly conflicts: readonly Conflict[];
}

/** Creates the documents; enters those that were created and gives back the others. */
async function createAll({ store, rejections }: Delivery, entries: readonly Entry[]): Promise<Unsettled> {
  const refused: Refused[] = [];
  const conflicts: Conflict[] = [];
  if (entries.length === 0) return { refused, conflicts };
  const outcomes = await store.create(entries.map(({ address, document }) => ({ ...address, json: document.json })));
  for (const [at, entry] of entries.entries()) {
    const outcome = outcomeAt(outcomes, at);
    if (outcome.kind === 'created') settle(entry.ledger, 'created', entry.document.degraded);
    else if (outcome.kind === 'conflict') conflicts.push({ entry, resent: outcome.resent });
    else {
      rejections.add(outcome.reason);
      refused.push({ entry, reason: outcome.reason });
    }
  }
  return { refused, conflicts };
}

function outcomeAt(outcomes: readonly StoreOutcome[], at: number): StoreOutcome {
  return outcomes[at] ?? { kind: 'refused', reason: 'the server gave no outcome' };
}

async function resolveConflicts(delivery: Delivery, conflicts: readonly Conflict[]): Promise<void> {
  if (conflicts.length === 0) return;
  const verdicts = await judgeConflicts(delivery.store, conflicts);
  const variants: Entry[] = [];
  for (const [at, { entry }] of conflicts.entries()) {
    const verdict = verdicts[at];
    if (verdict === 'variant') variants.push(entry);
    else settle(entry.ledger, verdict ?? 'duplicate', entry.document.degraded);
  }
  await storeVariants(delivery, variants);
}

/** A variant has an id of its own, made from its content: the same one again is a duplicate. */
async function storeVariants(delivery: Delivery, entries: readonly Entry[]): Promise<void> {
  if (entries.length === 0) return;
  const index = variantsIndex(delivery.context.namespace);
  await delivery.store.ensureIndex(index, undefined);
  const documents = entries.map(({ document }) => variantOf(document));
  const outcomes = await delivery.store.create(documents.map(({ id, json }) => ({ index, id, json })));
  for (const [at, entry] of entries.entries()) {
    const outcome = outcomeAt(outcomes, at);
    if (outcome.kind === 'refused') {
      delivery.rejections.add(outcome.reason);
      await quarantineEntry(delivery, { entry, reason: outcome.reason });
    } else settle(entry.ledger, outcome.kind === 'created' || outcome.resent ? 'variant' : 'duplicate');
  }
}

async function quarantineEntry({ quarantine }: Delivery, { entry, reason }: Refused): Promise<void> {
  const { candidate, ledger } = entry;
  const { range } = candidate;
  const detail = `refused by the server: ${reason}`;
  await quarantine.add({ ...candidate, range, reason: 'refused-by-server', detail });
  settle(ledger, 'quarantined', 'refused-by-server');
}
