import pLimit from 'p-limit';
import { eventsIndex, readEventsIndex } from '../audit/indices.ts';
import { isObject, type JsonObject } from '../shared/json.ts';
import type { Cluster } from './cluster.ts';
import { ensureIndex, TEMPLATE } from './install.ts';
import { type Clock, dropStaleLeases, leasedUntil } from './lease.ts';

/**
 * What a load changes of an index. `translog.durability` stays `request`: with `async` the server acknowledges a
 * document up to five seconds before it is on disk, and when it dies then, our ledger has said "created" of an event
 * that is gone. Without replicas an acknowledged document survives the death of the server, not that of its disk; the
 * log that it came from can be loaded again.
 */
const TUNED = { refresh_interval: '-1', auto_expand_replicas: 'false', number_of_replicas: '0' } as const;
type TunedSetting = keyof typeof TUNED;
const TUNED_SETTINGS = Object.keys(TUNED) as TunedSetting[];

/** The settings to restore: null is the server's default. */
type Untuned = Readonly<Record<TunedSetting, string | null>>;

/** `_meta.kaudit_tuned` of an index that is tuned, or was. */
interface TuningRecord {
  readonly restore: Untuned;
  readonly at: string;
}

export interface TunedIndex {
  readonly alias: string | undefined;
  readonly shards: number;
  readonly now: Clock;
}

const RESTORED_AT_ONCE = 8;

/** Creates an index that is tuned from the beginning, with what to restore; false when it was there. */
export async function createTuned(
  cluster: Cluster,
  index: string,
  { alias, shards, now }: TunedIndex,
): Promise<boolean> {
  const result = await ensureIndex(cluster, index, {
    ...(alias !== undefined && { alias }),
    settings: { number_of_shards: shards, ...TUNED },
    meta: { kaudit_tuned: recordOf(await templateSettings(cluster), now) },
  });
  return result === 'created';
}

/** Tunes an index that is there: first the record of what to restore, then the settings. False when it was tuned. */
export async function tuneExisting(cluster: Cluster, index: string, now: Clock): Promise<boolean> {
  const settings = (await readSettings(cluster, index)).get(index) ?? {};
  if (isTuned(settings)) return false;
  const _meta = { ...(await readMeta(cluster, index)), kaudit_tuned: recordOf(settings, now) };
  await cluster.ask('PUT', `/${index}/_mapping`, { _meta });
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

/** Restores the tuned indices of a namespace in which nobody is at work. */
export async function restoreNamespace(cluster: Cluster, namespace: string, now: Clock): Promise<number> {
  const limit = pLimit(RESTORED_AT_ONCE);
  const tuned = await tunedIndices(cluster, eventsIndex(namespace, '*'));
  const restored = await Promise.all(tuned.map((index) => limit(() => restoreIndex(cluster, index))));
  await dropStaleLeases(cluster, namespace, now);
  return restored.filter(Boolean).length;
}

/** The record stays: were it removed, a load that tunes the index just now would be left without it. */
async function restoreIndex(cluster: Cluster, index: string): Promise<boolean> {
  const record = (await readMeta(cluster, index))['kaudit_tuned'];
  // Without a record it was somebody else who set it so, or the index is gone.
  if (!isObject(record) || !isObject(record['restore'])) return false;
  await cluster.ask('PUT', `/${index}/_settings?ignore_unavailable=true`, { index: record['restore'] });
  return true;
}

function recordOf(flat: JsonObject, now: Clock): TuningRecord {
  const settingOf = (setting: TunedSetting): string | null => {
    const value = flat[`index.${setting}`];
    return value === undefined ? null : String(value);
  };
  const restore: Untuned = {
    refresh_interval: settingOf('refresh_interval'),
    auto_expand_replicas: settingOf('auto_expand_replicas'),
    number_of_replicas: settingOf('number_of_replicas'),
  };
  return { restore, at: new Date(now()).toISOString() };
}

/** What an index that is created without settings of its own would have. */
async function templateSettings(cluster: Cluster): Promise<JsonObject> {
  const answer = await cluster.ask('GET', `/_index_template/${TEMPLATE}?flat_settings=true`);
  const [entry] = isObject(answer) && Array.isArray(answer['index_templates']) ? answer['index_templates'] : [];
  const installed = isObject(entry) ? entry['index_template'] : undefined;
  const template = isObject(installed) ? installed['template'] : undefined;
  return isObject(template) && isObject(template['settings']) ? template['settings'] : {};
}

/** Whether an index is tuned, its settings say: all three are as a load sets them. */
function isTuned(flat: JsonObject): boolean {
  return TUNED_SETTINGS.every((setting) => flat[`index.${setting}`] === TUNED[setting]);
}

async function tunedIndices(cluster: Cluster, pattern: string): Promise<readonly string[]> {
  const found = await readSettings(cluster, pattern);
  return [...found].filter(([index, settings]) => readEventsIndex(index) && isTuned(settings)).map(([index]) => index);
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
  const path = `/${index}/_mapping?ignore_unavailable=true&filter_path=*.mappings._meta`;
  const answer = await cluster.ask('GET', path);
  const entry = isObject(answer) ? answer[index] : undefined;
  const mappings = isObject(entry) ? entry['mappings'] : undefined;
  return isObject(mappings) && isObject(mappings['_meta']) ? mappings['_meta'] : {};
}
