import { isObject, type JsonObject } from '../shared/json.ts';
import { incomplete, type Search, searcher, wholeAnswer } from './search.ts';
import type { Ask } from './types.ts';

/** Hands over all documents that a search finds, in the order of time, page by page. */
export type Scan = (body: JsonObject, onPage: OnPage) => Promise<void>;

type OnPage = (hits: readonly JsonObject[]) => void | Promise<void>;

/** The two ways to read the documents of an index or alias. */
export interface Reader {
  readonly search: Search;
  readonly scan: Scan;
}

export function readerOf(ask: Ask, target: string): Reader {
  return { search: searcher(ask, target), scan: scanner(ask, target) };
}

/** As many as a server hands over at once (index.max_result_window). */
const PAGE = 10_000;
const KEEP_ALIVE = '2m';
/** `_shard_doc` tells apart what has the same time. */
const SORT = [{ '@timestamp': 'asc' }, { _shard_doc: 'asc' }];

/** Scans an index or alias as it is at one point in time, whatever is loaded meanwhile. */
function scanner(ask: Ask, target: string): Scan {
  return async (body, onPage) => {
    const opened = await ask('POST', `/${target}/_pit?keep_alive=${KEEP_ALIVE}&ignore_unavailable=true`);
    if (!isObject(opened) || typeof opened['id'] !== 'string') throw incomplete('no point in time was opened');
    const pit = { id: opened['id'], keep_alive: KEEP_ALIVE };
    try {
      await eachPage(ask, { ...body, size: PAGE, track_total_hits: false, sort: SORT, pit }, onPage);
    } finally {
      await close(ask, pit.id);
    }
  };
}

async function eachPage(ask: Ask, body: JsonObject, onPage: OnPage): Promise<void> {
  for (let after: unknown; ; ) {
    const page = { ...body, ...(after !== undefined && { search_after: after }) };
    const response = wholeAnswer(await ask('POST', '/_search?allow_partial_search_results=false', page));
    const { hits } = response;
    const found = isObject(hits) && Array.isArray(hits['hits']) ? hits['hits'].filter(isObject) : [];
    if (found.length > 0) await onPage(found);
    if (found.length < PAGE) return;
    after = found.at(-1)?.['sort'];
  }
}

/** One that cannot be closed ends by itself, and spoils no answer. */
async function close(ask: Ask, id: string): Promise<void> {
  await ask('DELETE', '/_pit', { id }).catch(() => undefined);
}
