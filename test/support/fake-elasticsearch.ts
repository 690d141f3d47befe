/**
 * A stand-in for Elasticsearch, for faults only: what a real server does when all is well is tested on a real one. It keeps
 * a document for each id, so that it can store a request and then fail, which no real server does when it is asked to.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { isObject, type JsonObject } from '../../src/shared/json.ts';
import { bytesOf, listen } from './cluster.ts';
import { type DocumentsFault, type FakeDocument, type FakeStore, openStore, type Unreadable } from './fake-store.ts';
import { filterPath } from './filter-path.ts';

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
  /** All is stored, and the list of items is changed. */
  | { readonly kind: 'list'; readonly change: (items: readonly JsonObject[]) => readonly JsonObject[] }
  | DocumentsFault;

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
  unreadable: Unreadable;
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
