import type { DocumentAddress } from '../shared/bulk.ts';
import { KauditError } from '../shared/errors.ts';
import { isObject, type JsonObject } from '../shared/json.ts';
import type { Cluster } from './cluster.ts';
import { refusal } from './failures.ts';
import { gaveUp, openPatience, type RetryOptions, sendPatiently } from './patience.ts';

/**
 * Sources of stored documents, in the order asked for, undefined where there is none. Realtime: sees what has not been
 * refreshed yet. `fields` limits the source to some paths. A document that cannot be read for the moment is asked for
 * again: taking it for one that is not there would make a variant of every duplicate.
 */
export async function getStored(
  cluster: Cluster,
  addresses: readonly DocumentAddress[],
  fields: readonly string[] = [],
  options: RetryOptions = {},
): Promise<readonly (JsonObject | undefined)[]> {
  const sources = new Array<JsonObject | undefined>(addresses.length);
  const patience = openPatience(options);
  let pending = [...addresses.entries()];
  while (pending.length > 0) {
    const docs = await getDocs(
      cluster,
      pending.map(([, address]) => address),
      fields,
      options,
    );
    const left: typeof pending = [];
    let reason = '';
    for (const [at, [position, address]] of pending.entries()) {
      const { source, failure } = docs[at] ?? NO_DOC;
      if (failure === undefined) sources[position] = source;
      else left.push([position, address]);
      reason = failure ?? reason;
    }
    if (left.length > 0) await patience.wait(reason, 0, (why) => gaveUp(cluster.url, why));
    pending = left;
  }
  return sources;
}

interface Doc {
  readonly source?: JsonObject;
  /** Type of the error in its place. */
  readonly failure?: string;
}

const NO_DOC: Doc = { failure: 'no answer for a document' };

async function getDocs(
  cluster: Cluster,
  addresses: readonly DocumentAddress[],
  fields: readonly string[],
  options: RetryOptions,
): Promise<readonly Doc[]> {
  const path = fields.length === 0 ? '/_mget' : `/_mget?_source_includes=${fields.join(',')}`;
  const body = JSON.stringify({ docs: addresses.map(({ index, id }) => ({ _index: index, _id: id })) });
  const response = await sendPatiently(cluster, { method: 'POST', path, body }, options);
  if (response.status !== 200) throw refusal(response, 'POST /_mget', cluster.url);
  const docs = isObject(response.body) && Array.isArray(response.body['docs']) ? response.body['docs'] : [];
  return docs.map((doc: unknown) => readDoc(doc, cluster.url));
}

function readDoc(doc: unknown, url: string): Doc {
  if (!isObject(doc)) return NO_DOC;
  const { error, _source: source } = doc;
  if (!isObject(error)) return isObject(source) ? { source } : {};
  const type = String(error['type']);
  if (type !== 'index_not_found_exception' && type !== 'security_exception') return { failure: type };
  throw new KauditError('server-refused', `${url} does not give back what it stores (${type}).`, {
    hint: 'The index was deleted, or the user may not read it. Run the same command again when that is mended.',
  });
}

/** Makes what is stored visible to searches; an index that is not there has nothing to show. */
export async function refresh(cluster: Cluster, target: string, options: RetryOptions = {}): Promise<void> {
  const path = `/${target}/_refresh?ignore_unavailable=true`;
  const response = await sendPatiently(cluster, { method: 'POST', path }, options);
  if (response.status !== 200) throw refusal(response, `POST ${path}`, cluster.url);
}
