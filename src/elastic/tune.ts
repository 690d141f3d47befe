import { isObject, type JsonObject } from '../audit/event.ts';
import { eventsIndex, readEventsIndex } from '../audit/indices.ts';
import { KauditError, messageOf } from '../shared/errors.ts';
import type { Cluster } from './cluster.ts';
import { ensureIndex, TEMPLATE } from './install.ts';
import type { Layout } from './layout.ts';
import { type Clock, dropStaleLeases, type Lease, leasedUntil, takeLease } from './lease.ts';

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
  readonly ensure: (index: string, alias: string | undefined) => Promise<void>;
  /** Gives back what was changed for the load. Never throws: the load's own error is the one to tell. */
  readonly close: () => Promise<void>;
}

/** What a load changes of an index, and thus what its record keeps: null is the server's default. */
const TUNED = { refresh_interval: '-1', auto_expand_replicas: 'false', number_of_replicas: '0' } as const;
type TunedSetting = keyof typeof TUNED;
type Untuned = Readonly<Record<TunedSetting, string | null>>;
const TUNED_SETTINGS = Object.keys(TUNED) as TunedSetting[];

/**
 * Opens the indices of a namespace for a load. While it runs, those that it tunes are not refreshed and have no replicas:
 * each document is then indexed once, and segments are made when memory is full instead of every second.
 *
 * `translog.durability` stays `request`: with `async` the server acknowledges a document up to five seconds before it
 * is on disk, and when it dies then, our ledger has said "created" of an event that is gone. Without replicas an
 * acknowledged document survives the death of the server, not that of its disk; the log that it came from can be loaded
 * again.
 *
 * That settings are always restored, whoever dies when:
 * 1. A load takes a lease before it tunes anything, and gives it back before it looks whether to restore. So the last
 *    to give its lease back sees none and restores; one that sees another's lease leaves it to that one.
 * 2. Who restores needs to know nothing but the index: its `_meta.kaudit_tuned` has the values. It is written before
 *    the index is tuned (in one step with its creation), and never removed: whether an index is tuned, its settings say.
 * 3. Leases of loaders that died expire, and `setup`, and the next `load` of the namespace, restore what is tuned without a lease.
 * Restoring twice changes nothing; restoring while somebody has just begun to load makes that load slower.
 */
export function openIndices(cluster: Cluster, namespace: string, options: IndicesOptions): Indices {
  const { layout, tune, say = () => {}, now = Date.now } = options;
  const settings = { number_of_shards: layout.shards };
  let leasing: Promise<Lease | undefined> | undefined;
  let tuned = 0;

  const lease = (): Promise<Lease | undefined> => {
    leasing ??= takeLease(cluster, namespace, now).catch((error: unknown) => {
      if (!isUnauthorized(error)) throw error;
      say('Not tuned for the load, which will be slower: this user lacks "manage" on kaudit-events-*.');
      return undefined;
    });
    return leasing;
  };
  const noteTuned = (): void => {
    if (tuned === 0) say('While loading: no refresh, no replicas.');
    tuned += 1;
  };
  return {
    ensure: async (index, alias) => {
      const plain = { settings, ...(alias !== undefined && { alias }) };
      const wanted = tune === 'all' || (tune === 'new' && !(await exists(cluster, index)));
      // Variants are few: readEventsIndex knows only the indices of events.
      if (!wanted || readEventsIndex(index) === undefined || (await lease()) === undefined) {
        await ensureIndex(cluster, index, plain);
        return;
      }
      const record = { kaudit_tuned: { restore: await untunedByTemplate(cluster), at: new Date(now()).toISOString() } };
      const created = await ensureIndex(cluster, index, {
        ...plain,
        settings: { ...settings, ...TUNED },
        meta: record,
      });
      if (created === 'created' || (tune === 'all' && (await tuneExisting(cluster, index, now)))) noteTuned();
    },
    close: async () => {
      try {
        const held = await leasing?.catch(() => undefined);
        if (held === undefined) return;
        await held.end();
        const until = await leasedUntil(cluster, namespace, now);
        if (until === undefined) {
          const restored = await restoreNamespace(cluster, namespace, now);
          if (restored > 0) say('Restored: refresh and replicas.');
        } else if (tuned > 0) {
          say(
            `Left without refresh and replicas for another loader, which restores them. Should it have died, "kaudit setup" does after ${until.toISOString().slice(11, 19)} UTC.`,
          );
        }
      } catch (error) {
        say(`Refresh and replicas could not be restored: ${messageOf(error)} Run "kaudit setup" to restore them.`);
      }
    },
  };
}

function isUnauthorized(error: unknown): boolean {
  return error instanceof KauditError && error.code === 'unauthorized';
}

async function exists(cluster: Cluster, index: string): Promise<boolean> {
  return (await cluster.send({ method: 'HEAD', path: `/${index}` })).status === 200;
}

/** What the template would have given an index that is created tuned. */
async function untunedByTemplate(cluster: Cluster): Promise<Untuned> {
  const answer = await cluster.ask('GET', `/_index_template/${TEMPLATE}?flat_settings=true`);
  const [entry] = isObject(answer) && Array.isArray(answer['index_templates']) ? answer['index_templates'] : [];
  const installed = isObject(entry) ? entry['index_template'] : undefined;
  const template = isObject(installed) ? installed['template'] : undefined;
  const settings = isObject(template) ? template['settings'] : undefined;
  return untunedOf(isObject(settings) ? settings : {});
}

function untunedOf(flat: JsonObject): Untuned {
  const settingOf = (setting: TunedSetting): string | null => {
    const value = flat[`index.${setting}`];
    return value === undefined ? null : String(value);
  };
  return {
    refresh_interval: settingOf('refresh_interval'),
    auto_expand_replicas: settingOf('auto_expand_replicas'),
    number_of_replicas: settingOf('number_of_replicas'),
  };
}

/** Tunes an index that is there, unless it is tuned; true when it has been changed. */
async function tuneExisting(cluster: Cluster, index: string, now: Clock): Promise<boolean> {
  const settings = (await readSettings(cluster, index)).get(index) ?? {};
  if (isTuned(settings)) return false;
  const meta = await readMeta(cluster, index);
  const kaudit_tuned = { restore: untunedOf(settings), at: new Date(now()).toISOString() };
  await cluster.ask('PUT', `/${index}/_mapping`, { _meta: { ...meta, kaudit_tuned } });
  await cluster.ask('PUT', `/${index}/_settings`, { index: TUNED });
  return true;
}

/** Restores what loaders that died have left tuned in a namespace, or in all (`*`); gives back how many indices. */
export async function restoreStale(cluster: Cluster, namespaces: string, now: Clock = Date.now): Promise<number> {
  const tuned = await tunedIndices(cluster, eventsIndex(namespaces, '*'));
  let restored = 0;
  for (const namespace of new Set(tuned.map((index) => readEventsIndex(index)?.namespace ?? ''))) {
    const atWork = await leasedUntil(cluster, namespace, now);
    if (atWork === undefined) restored += await restoreNamespace(cluster, namespace, now);
  }
  return restored;
}

async function restoreNamespace(cluster: Cluster, namespace: string, now: Clock): Promise<number> {
  let restored = 0;
  for (const index of await tunedIndices(cluster, eventsIndex(namespace, '*'))) {
    const record = (await readMeta(cluster, index))['kaudit_tuned'];
    // Without a record it was somebody else who set it so.
    if (!isObject(record) || !isObject(record['restore'])) continue;
    await cluster.ask('PUT', `/${index}/_settings?ignore_unavailable=true`, { index: record['restore'] });
    restored += 1;
  }
  await dropStaleLeases(cluster, namespace, now);
  return restored;
}

async function tunedIndices(cluster: Cluster, pattern: string): Promise<readonly string[]> {
  const found = await readSettings(cluster, pattern);
  return [...found].filter(([index, settings]) => readEventsIndex(index) && isTuned(settings)).map(([index]) => index);
}

function isTuned(flat: JsonObject): boolean {
  return TUNED_SETTINGS.every((setting) => flat[`index.${setting}`] === TUNED[setting]);
}

async function readSettings(cluster: Cluster, pattern: string): Promise<ReadonlyMap<string, JsonObject>> {
  const names = TUNED_SETTINGS.map((setting) => `index.${setting}`).join(',');
  const answer = await cluster.ask('GET', `/${pattern}/_settings/${names}?flat_settings=true`);
  const found = isObject(answer) ? Object.entries(answer) : [];
  return new Map(
    found.map(([index, entry]) => [index, isObject(entry) && isObject(entry['settings']) ? entry['settings'] : {}]),
  );
}

async function readMeta(cluster: Cluster, index: string): Promise<JsonObject> {
  const answer = await cluster.ask('GET', `/${index}/_mapping?ignore_unavailable=true&filter_path=*.mappings._meta`);
  const entry = isObject(answer) ? answer[index] : undefined;
  const mappings = isObject(entry) ? entry['mappings'] : undefined;
  return isObject(mappings) && isObject(mappings['_meta']) ? mappings['_meta'] : {};
}
