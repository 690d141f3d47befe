import { readEventsIndex } from '../audit/indices.ts';
import { KauditError, messageOf } from '../shared/errors.ts';
import type { Cluster } from './cluster.ts';
import { ensureIndex } from './install.ts';
import type { Layout } from './layout.ts';
import { type Clock, type Lease, leasedUntil, takeLease } from './lease.ts';
import { createTuned, restoreNamespace, tuneExisting } from './tune.ts';

/** Which indices are tuned while loading: none, those that the load creates, or all that it writes to. */
export type Tune = 'none' | 'new' | 'all';

export interface IndicesOptions {
  readonly layout: Layout;
  readonly tune: Tune;
  readonly say?: (line: string) => void;
  readonly now?: Clock;
}

/** The indices that a load writes to. */
export interface Indices {
  /** Makes sure that an index is there, behind its alias, and tuned where that is wanted. */
  readonly ensure: (index: string, alias: string | undefined) => Promise<void>;
  /** Restores what was tuned. Never throws: the load's own error is the one to tell. */
  readonly close: () => Promise<void>;
}

/**
 * Opens the indices of a namespace for a load. While it runs, those that it tunes are not refreshed and have no replicas:
 * each document is then indexed once, and segments are made when memory is full instead of every second.
 *
 * Settings are always restored, whoever dies when:
 * 1. A load takes a lease before it tunes anything, and gives it back before it looks whether to restore. So the last
 *    to give its lease back sees none and restores; one that sees another's leaves it to that one.
 * 2. Who restores needs to know nothing but the index, which has the values in its `_meta` (see tune.ts).
 * 3. Leases of loaders that died expire; then `setup` and the next load of the namespace restore what they left.
 * Restoring twice changes nothing; restoring while somebody has just begun to load makes that load slower.
 */
export function openIndices(cluster: Cluster, namespace: string, options: IndicesOptions): Indices {
  const { layout, tune, say = () => {}, now = Date.now } = options;
  let leasing: Promise<Lease | undefined> | undefined;
  let tuned = false;

  /** Taken once, and only by a load that tunes; undefined where the user may not. */
  const lease = (): Promise<Lease | undefined> => {
    leasing ??= takeLease(cluster, namespace, now).catch((error: unknown) => {
      if (!(error instanceof KauditError) || error.code !== 'unauthorized') throw error;
      say('Not tuned for the load, which will be slower: this user lacks "manage" on kaudit-events-*.');
      return undefined;
    });
    return leasing;
  };

  const ensureTuned = async (index: string, alias: string | undefined): Promise<boolean> => {
    const created = await createTuned(cluster, index, { alias, shards: layout.shards, now });
    return created || (tune === 'all' && (await tuneExisting(cluster, index, now)));
  };

  const ensureEvents = async (index: string, alias: string | undefined): Promise<void> => {
    const wanted = tune === 'all' || (tune === 'new' && !(await exists(cluster, index)));
    if (!wanted || (await lease()) === undefined) {
      const settings = { number_of_shards: layout.shards };
      await ensureIndex(cluster, index, { settings, ...(alias !== undefined && { alias }) });
    } else if ((await ensureTuned(index, alias)) && !tuned) {
      tuned = true;
      say('While loading: no refresh, no replicas.');
    }
  };

  const restore = async (): Promise<void> => {
    const held = await leasing;
    if (held === undefined) return;
    await held.end();
    const until = await leasedUntil(cluster, namespace, now);
    if (until === undefined) {
      if ((await restoreNamespace(cluster, namespace, now)) > 0) say('Restored: refresh and replicas.');
    } else if (tuned) {
      say('Another loader is at work, and restores refresh and replicas when it ends.');
      say(`Should it have died: "kaudit setup" restores them after ${until.toISOString().slice(11, 19)} UTC.`);
    }
  };

  return {
    ensure: async (index, alias) => {
      if (readEventsIndex(index) !== undefined) await ensureEvents(index, alias);
      else await ensureIndex(cluster, index, alias === undefined ? {} : { alias });
    },
    close: () =>
      restore().catch((error: unknown) => {
        say(`Refresh and replicas could not be restored: ${messageOf(error)}`);
        say('When the server is well again, run "kaudit setup": it restores them.');
      }),
  };
}

async function exists(cluster: Cluster, index: string): Promise<boolean> {
  return (await cluster.send({ method: 'HEAD', path: `/${index}` })).status === 200;
}
