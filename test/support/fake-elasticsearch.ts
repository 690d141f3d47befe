/**
 * A stand-in for Elasticsearch, for faults only: what a real server does when all is well is tested on a real one. It keeps
 * a document for each id, so that it can store a request and then fail, which no real server does when it is asked to.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { isObject, type JsonObject } from '../../src/audit/event.ts';
import { bytesOf, listen } from './cluster.ts';
import { filterPath } from './filter-path.ts';

/** The fate of one document of a bulk request, in the place of its being created. */
export interface ItemFault {
  readonly status: number;
  readonly type: string;
  /** Created all the same, as by a shard whose answer was lost. */
  readonly stored?: boolean;
}

export type BulkFault =
  /** An answer in the place of the real one; nothing is stored unless `stored`. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly stored?: boolean;
    }
  /** The connection breaks: before anything is stored, after it, or in the middle of the answer. */
  | { readonly kind: 'drop'; readonly when: 'before' | 'after' | 'mid-answer' }
  /** No answer, ever. All is stored if `stored`. */
  | { readonly kind: 'hang'; readonly stored?: boolean }
  /** The answer comes later, or in drops of a byte each. */
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'drip'; readonly ms: number }
  /** Single documents fail. */
  | { readonly kind: 'items'; readonly of: (document: FakeDocument, at: number) => ItemFault | undefined }
  /** All is stored, and the list of items is changed. */
  | { readonly kind: 'list'; readonly change: (items: readonly JsonObject[]) => readonly JsonObject[] }
  /** A pipeline or mapping sends documents to the failure store: status 201, and no document where it was wanted. */
  | { readonly kind: 'failure-store'; readonly of: (document: FakeDocument) => boolean };

export interface FakeDocument {
  readonly index: string;
  readonly id: string;
  readonly source: JsonObject;
}

export interface BulkRequest {
  /** Of this server, beginning at 1. */
  readonly number: number;
  readonly body: Buffer;
}

export interface Refusal {
  readonly status: number;
  readonly body?: string;
}

export interface FakeElasticsearch {
  readonly url: string;
  /** What to do with a bulk request; undefined serves it. */
  spoil: (request: BulkRequest) => BulkFault | undefined;
  /** What to answer to any request before it is looked at; undefined serves it. */
  refuse: (method: string, path: string) => Refusal | undefined;
  /** Documents that cannot be read for the moment: an error in their place. */
  unreadable: (document: { readonly index: string; readonly id: string }) => boolean;
  /** Everything that is stored in indices whose name begins so. */
  readonly documents: (prefix: string) => readonly FakeDocument[];
  readonly put: (document: FakeDocument) => void;
  readonly deleteIndices: () => void;
  /** Requests so far, `METHOD /path` without the query. */
  readonly requests: readonly string[];
  readonly close: () => Promise<void>;
}

export interface Tls {
  readonly key: string;
  readonly cert: string;
}

/** Starts one on a free port. */
export async function fakeElasticsearch(tls?: Tls): Promise<FakeElasticsearch> {
  const store = openStore((document) => fake.unreadable(document));
  const requests: string[] = [];
  let bulks = 0;
  const answerAll = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const url = new URL(incoming.url ?? '/', 'http://fake');
    const method = incoming.method ?? '';
    requests.push(`${method} ${url.pathname}`);
    const body = await bytesOf(incoming);
    const refused = fake.refuse(method, url.pathname);
    if (refused !== undefined) return send(outgoing, refused.status, refused.body ?? '{}');
    if (url.pathname !== '/_bulk') return sendJson(outgoing, url, ...store.answer(method, url, body));
    bulks += 1;
    await answerBulk(store, outgoing, url, body, fake.spoil({ number: bulks, body }));
  };
  const handle = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    answerAll(incoming, outgoing).catch(() => outgoing.destroy());
  };
  const server: Server = tls === undefined ? createServer(handle) : createTlsServer(tls, handle);
  const address = await listen(server);
  const fake: FakeElasticsearch = {
    url: tls === undefined ? address : address.replace('http:', 'https:'),
    spoil: () => undefined,
    refuse: () => undefined,
    unreadable: () => false,
    documents: store.documents,
    put: store.put,
    deleteIndices: store.deleteIndices,
    requests,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return fake;
}

/** Spoils the first bulk requests, so many of them. */
export function firstBulks(times: number, fault: BulkFault): FakeElasticsearch['spoil'] {
  return ({ number }) => (number <= times ? fault : undefined);
}

async function answerBulk(
  store: FakeStore,
  outgoing: ServerResponse,
  url: URL,
  body: Buffer,
  fault: BulkFault | undefined,
): Promise<void> {
  switch (fault?.kind) {
    case 'answer':
      if (fault.stored) store.bulk(body);
      return send(outgoing, fault.status, fault.body ?? '{"error":{"type":"fault"}}', fault.headers);
    case 'drop':
      return drop(store, outgoing, body, fault.when);
    case 'hang':
      if (fault.stored) store.bulk(body);
      return;
    case 'delay':
      await new Promise((resolve) => setTimeout(resolve, fault.ms));
      return sendJson(outgoing, url, ...store.bulk(body));
    case 'drip':
      return drip(outgoing, JSON.stringify(store.bulk(body)[1]), fault.ms);
    case 'list': {
      const [status, answer] = store.bulk(body);
      const items = Array.isArray(answer['items']) ? answer['items'].filter(isObject) : [];
      return sendJson(outgoing, url, status, { ...answer, items: fault.change(items) });
    }
    default:
      return sendJson(outgoing, url, ...store.bulk(body, fault));
  }
}

function drop(store: FakeStore, outgoing: ServerResponse, body: Buffer, when: 'before' | 'after' | 'mid-answer'): void {
  if (when !== 'before') {
    const text = JSON.stringify(store.bulk(body)[1]);
    if (when === 'mid-answer') {
      outgoing.writeHead(200, { ...JSON_HEADERS, 'content-length': text.length });
      outgoing.write(text.slice(0, text.length / 2), () => outgoing.destroy());
      return;
    }
  }
  // A reset rather than an end: what the client reads is ECONNRESET.
  outgoing.socket?.resetAndDestroy();
}

function drip(outgoing: ServerResponse, text: string, ms: number): void {
  outgoing.writeHead(200, { ...JSON_HEADERS, 'content-length': text.length });
  let at = 0;
  const timer = setInterval(() => {
    if (at === text.length || outgoing.destroyed) return void clearInterval(timer);
    outgoing.write(text[at]);
    at += 1;
  }, ms);
}

const JSON_HEADERS = { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' };

function send(
  outgoing: ServerResponse,
  status: number,
  body: string,
  headers?: Readonly<Record<string, string>>,
): void {
  outgoing.writeHead(status, { ...JSON_HEADERS, ...headers }).end(body);
}

function sendJson(outgoing: ServerResponse, url: URL, status: number, answer: JsonObject): void {
  const paths = url.searchParams.get('filter_path')?.split(',');
  send(outgoing, status, JSON.stringify(paths === undefined ? answer : filterPath(answer, paths)));
}

type Answer = readonly [status: number, body: JsonObject];
type BulkItemFault = Extract<BulkFault, { kind: 'items' | 'failure-store' }>;

interface Action {
  readonly _index: string;
  readonly _id: string;
  readonly require_alias?: boolean;
}

interface FakeStore {
  readonly answer: (method: string, url: URL, body: Buffer) => Answer;
  readonly bulk: (body: Buffer, fault?: BulkItemFault) => Answer;
  readonly documents: (prefix: string) => readonly FakeDocument[];
  readonly put: (document: FakeDocument) => void;
  readonly deleteIndices: () => void;
}

function openStore(unreadable: FakeElasticsearch['unreadable']): FakeStore {
  const indices = new Map<string, Map<string, JsonObject>>();
  let template: JsonObject | undefined;

  const answer = (method: string, url: URL, body: Buffer): Answer => {
    const [first = '', second = ''] = url.pathname.slice(1).split('/');
    if (first === '') return [200, { cluster_name: 'fake', version: { number: '9.5.3' } }];
    if (first === '_mget') return [200, { docs: readMget(body).map(find) }];
    if (second === '_refresh') return [200, { _shards: { failed: 0 } }];
    if (first === '_index_template' && method === 'PUT') {
      template = JSON.parse(body.toString());
      return [200, { acknowledged: true }];
    }
    if (first === '_index_template') {
      if (template === undefined) return failure(404, 'resource_not_found_exception');
      return [200, { index_templates: [{ name: second, index_template: template }] }];
    }
    if (method !== 'PUT') return failure(405, 'method_not_allowed');
    if (indices.has(first)) return failure(400, 'resource_already_exists_exception');
    indices.set(first, new Map());
    return [200, { acknowledged: true, index: first }];
  };

  const find = ({ index, id }: { index: string; id: string }): JsonObject => {
    if (unreadable({ index, id })) {
      return { _index: index, _id: id, error: { type: 'no_shard_available_action_exception' } };
    }
    const source = indices.get(index)?.get(id);
    return { _index: index, _id: id, found: source !== undefined, ...(source && { _source: source }) };
  };

  const bulk = (body: Buffer, fault?: BulkItemFault): Answer => {
    const text = body.toString();
    // The real server's words.
    if (!text.endsWith('\n')) return failure(400, 'illegal_argument_exception');
    const lines = text.slice(0, -1).split('\n');
    const items: JsonObject[] = [];
    for (let at = 0; at < lines.length; at += 2) {
      const action = JSON.parse(lines[at] ?? '').create as Action;
      items.push({ create: { ...action, _version: 1, ...create(action, lines[at + 1] ?? '', items.length, fault) } });
    }
    return [
      200,
      { took: 1, errors: items.some((item) => isObject(item['create']) && 'error' in item['create']), items },
    ];
  };

  const create = (
    { _index: index, _id: id, require_alias: requireAlias }: Action,
    json: string,
    at: number,
    fault: BulkItemFault | undefined,
  ): JsonObject => {
    const source: unknown = JSON.parse(json);
    if (!isObject(source)) return itemFailure(400, 'document_parsing_exception');
    const document = { index, id, source };
    const spoilt = fault?.kind === 'items' ? fault.of(document, at) : undefined;
    if (spoilt !== undefined && !spoilt.stored) return itemFailure(spoilt.status, spoilt.type);
    if (fault?.kind === 'failure-store' && fault.of(document)) {
      return { _index: `.fs-${index}-000001`, status: 201, result: 'created', failure_store: 'used' };
    }
    const documents = indices.get(index);
    if (documents === undefined || requireAlias) return itemFailure(404, 'index_not_found_exception');
    if (documents.has(id)) return itemFailure(409, 'version_conflict_engine_exception');
    documents.set(id, source);
    return spoilt === undefined ? { status: 201, result: 'created' } : itemFailure(spoilt.status, spoilt.type);
  };

  return {
    answer,
    bulk,
    documents: (prefix) =>
      [...indices]
        .filter(([name]) => name.startsWith(prefix))
        .flatMap(([index, documents]) => [...documents].map(([id, source]) => ({ index, id, source }))),
    put: ({ index, id, source }) => void indices.set(index, (indices.get(index) ?? new Map()).set(id, source)),
    deleteIndices: () => indices.clear(),
  };
}

function readMget(body: Buffer): readonly { index: string; id: string }[] {
  const { docs } = JSON.parse(body.toString()) as { docs: readonly { _index: string; _id: string }[] };
  return docs.map(({ _index, _id }) => ({ index: _index, id: _id }));
}

function failure(status: number, type: string): Answer {
  return [status, { error: { type, reason: `fake: ${type}` }, status }];
}

function itemFailure(status: number, type: string): JsonObject {
  return { status, error: { type, reason: `fake: ${type}` } };
}
