import { randomBytes } from 'node:crypto';
import { eventsIndex, undatedIndex } from '../audit/indices.ts';
import { isObject } from '../shared/json.ts';
import type { Cluster } from './cluster.ts';
import { refusal } from './failures.ts';

/** Says that a loader is at work in a namespace, until it ends or is not heard of for LEASE_MS. */
export interface Lease {
  readonly end: () => Promise<void>;
}

/** A clock; tests bring their own. */
export type Clock = () => number;

const LEASE_MS = 120_000;
const RENEW_MS = 30_000;

/**
 * Takes a lease. It is an alias of the namespace's index of undated events whose name ends in the time that it is good
 * for. Aliases because they are a set: the server adds and removes each by itself, one change after the other, so that no
 * loader can undo what another one has just written. A list in `_meta` is replaced as a whole and without a condition:
 * two loaders that end at once would each put the other back. Nor does it ask for a privilege beyond `manage`.
 * Clocks that disagree by more than a lease make somebody restore too early, which costs speed and nothing else.
 */
export async function takeLease(cluster: Cluster, namespace: string, now: Clock): Promise<Lease> {
  const index = undatedIndex(namespace);
  const run = randomBytes(6).toString('hex');
  const nameNow = (): string => `${leasePrefix(namespace)}${run}-${Math.round((now() + LEASE_MS) / 1000)}`;
  let held = nameNow();
  await changeAliases(cluster, [add(index, held)]);
  let renewal = Promise.resolve();
  const renew = async (): Promise<void> => {
    const next = nameNow();
    await changeAliases(cluster, [add(index, next), ...(next === held ? [] : [remove(index, held)])]);
    held = next;
  };
  const timer = setInterval(() => {
    // One that fails is made up for by the next; should all fail, others restore early.
    renewal = renewal.then(renew).catch(() => {});
  }, RENEW_MS);
  timer.unref();
  return {
    end: async () => {
      clearInterval(timer);
      await renewal;
      await changeAliases(cluster, [remove(index, held)]);
    },
  };
}

/** When the last of the namespace's leases ends that are still good; undefined when nobody is at work. */
export async function leasedUntil(cluster: Cluster, namespace: string, now: Clock): Promise<Date | undefined> {
  const times = (await readLeases(cluster, namespace)).map(expiryOf).filter((time) => time > now());
  return times.length === 0 ? undefined : new Date(Math.max(...times));
}

/** Removes what loaders that died have left. */
export async function dropStaleLeases(cluster: Cluster, namespace: string, now: Clock): Promise<void> {
  const stale = (await readLeases(cluster, namespace)).filter((name) => expiryOf(name) <= now());
  if (stale.length === 0) return;
  await changeAliases(
    cluster,
    stale.map((name) => remove(undatedIndex(namespace), name)),
  );
}

function leasePrefix(namespace: string): string {
  return eventsIndex(namespace, 'loading-');
}

function expiryOf(name: string): number {
  return Number(name.slice(name.lastIndexOf('-') + 1)) * 1000;
}

async function readLeases(cluster: Cluster, namespace: string): Promise<readonly string[]> {
  const path = `/${undatedIndex(namespace)}/_alias`;
  const response = await cluster.send({ method: 'GET', path });
  if (response.status === 404) return [];
  if (response.status !== 200) throw refusal(response, `GET ${path}`, cluster.url);
  const index = isObject(response.body) ? response.body[undatedIndex(namespace)] : undefined;
  const aliases = isObject(index) && isObject(index['aliases']) ? Object.keys(index['aliases']) : [];
  return aliases.filter((name) => name.startsWith(leasePrefix(namespace)));
}

type AliasAction = ReturnType<typeof add> | ReturnType<typeof remove>;

function add(index: string, alias: string) {
  return { add: { index, alias, is_hidden: true } };
}

/** Somebody else may have removed it, when it had expired. */
function remove(index: string, alias: string) {
  return { remove: { index, alias, must_exist: false } };
}

async function changeAliases(cluster: Cluster, actions: readonly AliasAction[]): Promise<void> {
  await cluster.ask('POST', '/_aliases', { actions });
}
