import { isObject, type JsonObject } from '../shared/json.ts';
import { incomplete, type Search, searcher, searchPath, wholeAnswer } from './search.ts';
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
/** Most scans find fewer. The others have fetched these twice. */
const FEW = 1000;
const KEEP_ALIVE = '2m';
const BY_TIME = { '@timestamp': 'asc' };
/** Tells apart what has the same time. */
const BY_PLACE = { _shard_doc: 'asc' };

/** Scans an index or alias as it is at one point in time, whatever is loaded meanwhile. One search is at one anyway. */
function scanner(ask: Ask, target: string): Scan {
  return async (body, onPage) => {
    const { hits, isAll } = hitsOf(await ask('POST', searchPath(target), { ...body, size: FEW, sort: [BY_TIME] }));
    if (!isAll) await scanPages(ask, target, body, onPage);
    else if (hits.length > 0) await onPage(hits);
  };
}

async function scanPages(ask: Ask, target: string, body: JsonObject, onPage: OnPage): Promise<void> {
  const opened = await ask('POST', `/${target}/_pit?keep_alive=${KEEP_ALIVE}&ignore_unavailable=true`);
  if (!isObject(opened) || typeof opened['id'] !== 'string') throw incomplete('no point in time was opened');
  const pit = { id: opened['id'], keep_alive: KEEP_ALIVE };
  try {
    await eachPage(ask, { ...body, size: PAGE, track_total_hits: false, sort: [BY_TIME, BY_PLACE], pit }, onPage);
  } finally {
    await close(ask, pit.id);
  }
}

async function eachPage(ask: Ask, body: JsonObject, onPage: OnPage): Promise<void> {
  for (let after: unknown; ; ) {
    const page = { ...body, ...(after !== undefined && { search_after: after }) };
    const { hits } = hitsOf(await ask('POST', '/_search?allow_partial_search_results=false', page));
    if (hits.length > 0) await onPage(hits);
    if (hits.length < PAGE) return;
    after = hits.at(-1)?.['sort'];
  }
}

/** The documents of an answer, and whether these are known to be all that there are. */
function hitsOf(answer: unknown): { readonly hits: readonly JsonObject[]; readonly isAll: boolean } {
  const { hits } = wholeAnswer(answer);
  if (!isObject(hits) || !Array.isArray(hits['hits'])) return { hits: [], isAll: false };
  const { total } = hits;
  // A server counts to 10,000 unless it is told otherwise.
  const isAll = isObject(total) && total['relation'] === 'eq' && total['value'] === hits['hits'].length;
  return { hits: hits['hits'].filter(isObject), isAll };
}

/** One that cannot be closed ends by itself, and spoils no answer. */
async function close(ask: Ask, id: string): Promise<void> {
  await ask('DELETE', '/_pit', { id }).catch(() => undefined);
}
