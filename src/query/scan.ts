import { isObject, type JsonObject } from '../shared/json.ts';
import { incomplete, wholeAnswer } from './search.ts';
import type { Ask } from './types.ts';

/** Hands over all documents that a search finds, in the order of time. */
export type Scan = (body: JsonObject, each: (hit: JsonObject) => void) => Promise<void>;

const PAGE = 5000;
const KEEP_ALIVE = '2m';
/** `_shard_doc` tells apart what has the same time. */
const SORT = [{ '@timestamp': 'asc' }, { _shard_doc: 'asc' }];

/** Scans an index or alias as it is at one point in time, whatever is loaded meanwhile. */
export function scanner(ask: Ask, target: string): Scan {
  return async (body, each) => {
    const opened = await ask('POST', `/${target}/_pit?keep_alive=${KEEP_ALIVE}&ignore_unavailable=true`);
    if (!isObject(opened) || typeof opened['id'] !== 'string') throw incomplete('no point in time was opened');
    const pit = { id: opened['id'], keep_alive: KEEP_ALIVE };
    try {
      await eachPage(ask, { ...body, size: PAGE, track_total_hits: false, sort: SORT, pit }, each);
    } finally {
      await close(ask, pit.id);
    }
  };
}

async function eachPage(ask: Ask, body: JsonObject, each: (hit: JsonObject) => void): Promise<void> {
  for (let after: unknown; ; ) {
    const page = { ...body, ...(after !== undefined && { search_after: after }) };
    const response = wholeAnswer(await ask('POST', '/_search?allow_partial_search_results=false', page));
    const { hits } = response;
    const found = isObject(hits) && Array.isArray(hits['hits']) ? hits['hits'].filter(isObject) : [];
    for (const hit of found) each(hit);
    if (found.length < PAGE) return;
    after = found.at(-1)?.['sort'];
  }
}

/** One that cannot be closed ends by itself, and spoils no answer. */
async function close(ask: Ask, id: string): Promise<void> {
  await ask('DELETE', '/_pit', { id }).catch(() => undefined);
}
