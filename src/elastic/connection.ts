import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Client, ClientOptions } from '@elastic/elasticsearch';
import { KauditError, messageOf } from '../shared/errors.ts';
import { unlessStopped } from '../shared/wait.ts';
import type { Cluster, ClusterKind, RawRequest, RawResponse } from './cluster.ts';
import { interruptedWait, noAnswer, refusal, unreachable } from './failures.ts';
import { identify } from './identify.ts';

export interface ConnectionOptions {
  readonly url: string;
  readonly apiKey?: string;
  readonly username?: string;
  readonly password?: string;
  /** PEM file of the authority that signed the server's certificate. */
  readonly caFile?: string;
  /** Process of the embedded node, when it is that. */
  readonly pid?: number;
  /** How long a request may take, its answer included. */
  readonly requestTimeoutMs?: number;
}

const REQUEST_TIMEOUT_MS = 120_000;
/**
 * A reset while the client compiles its parser goes unheard, and the request waits for its deadline (undici 6 listens to
 * its first socket only after that, `connectH1` in lib/dispatcher/client-h1.js). Another try is not its first.
 */
const FIRST_ANSWER_MS = 2000;
const REFUSALS = Array.from({ length: 200 }, (_, at) => 400 + at);
/** The client names the type of what it has serialised itself, and nothing else is sent through it. */
const CONTENT_TYPES = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
} as const;

/** Connects, and checks once that this is an Elasticsearch that kaudit works with and that it lets us in. */
export async function connect(options: ConnectionOptions): Promise<Cluster> {
  const { Client } = await readClient();
  const first = new Client(clientOptions(options));
  const soon = AbortSignal.timeout(FIRST_ANSWER_MS);
  try {
    return await identified(first, options, soon);
  } catch (error) {
    if (!(error instanceof KauditError && error.code === 'interrupted')) throw error;
    // With a client of its own: what the first one waits for may never come, nor its end if it is closed.
    return await identified(new Client(clientOptions(options)), options);
  }
}

async function identified(client: Client, options: ConnectionOptions, signal?: AbortSignal): Promise<Cluster> {
  const timeoutMs = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
  const send = (request: RawRequest): Promise<RawResponse> => sendWithin(timeoutMs, client, options.url, request);
  const sendSoon: Cluster['send'] = (request) => send({ ...request, ...(signal && { signal }) });
  const server = await identify(sendSoon, options.url, authOf(options) !== undefined);
  const docker: ClusterKind = server.clusterName === 'kaudit-docker' ? 'docker' : 'external';
  return {
    url: options.url,
    version: server.version,
    kind: options.pid === undefined ? docker : 'embedded',
    pid: options.pid,
    send,
    ask: askBy(send, options.url),
  };
}

/** Only where somebody is asked: reading it is a quarter of what a command takes that asks nobody. */
function readClient(): Promise<typeof import('@elastic/elasticsearch')> {
  return import('@elastic/elasticsearch');
}

/** `ask` by way of `send`. */
export function askBy(send: Cluster['send'], url: string): Cluster['ask'] {
  return async (method, path, body) => {
    const response = await send({ method, path, ...(body !== undefined && { body: JSON.stringify(body) }) });
    if (response.status < 300) return response.body;
    throw refusal(response, `${method} ${path}`, url);
  };
}

function clientOptions(options: ConnectionOptions): ClientOptions {
  const url = parseUrl(options.url);
  const auth = authOf(options);
  return {
    node: url.href,
    // One retry layer, in patience.ts: two would multiply.
    maxRetries: 0,
    requestTimeout: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
    compression: false,
    enableMetaHeader: false,
    // The default copies a request into its error member by member, and a body of bytes has millions: an error of a bulk
    // request took gigabytes and minutes (redactObject of @elastic/transport 8.11).
    redaction: { type: 'remove' },
    ...(auth && { auth }),
    ...(options.caFile !== undefined && { tls: { ca: readCa(options.caFile) } }),
  };
}

function parseUrl(text: string): URL {
  const hint = 'Set ELASTICSEARCH_URL to an address such as https://localhost:9200.';
  if (!URL.canParse(text)) throw new KauditError('invalid-configuration', `"${text}" is no address.`, { hint });
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new KauditError('invalid-configuration', `${url.protocol} is no protocol that Elasticsearch speaks.`, {
      hint,
    });
  }
  if (url.username === '' && url.password === '') return url;
  throw new KauditError('invalid-configuration', 'The address of Elasticsearch holds a user name or password.', {
    hint: 'Put them into ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD: an address ends up in logs.',
  });
}

function authOf({ apiKey, username, password }: ConnectionOptions): ClientOptions['auth'] {
  if (apiKey !== undefined) return { apiKey };
  if (username === undefined) return undefined;
  return { username, password: password ?? '' };
}

function readCa(path: string): string {
  try {
    const text = readFileSync(path, 'utf8');
    new X509Certificate(text);
    return text;
  } catch (cause) {
    throw new KauditError(
      'invalid-configuration',
      `ELASTICSEARCH_CA_FILE ${path} is no certificate: ${messageOf(cause)}.`,
      {
        hint: "It must be a PEM file, with the certificate of the authority that signed the server's.",
        cause,
      },
    );
  }
}

/**
 * The client bounds the silence between two pieces of an answer, not the answer: one that drips would hold a request for
 * ever (undici's bodyTimeout, https://undici.nodejs.org/#/docs/api/Client).
 */
async function sendWithin(timeoutMs: number, client: Client, url: string, request: RawRequest): Promise<RawResponse> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), timeoutMs);
  const signal = request.signal ? AbortSignal.any([request.signal, deadline.signal]) : deadline.signal;
  try {
    // The client hears of an abort only when its request has a connection (undici 6, lib/api/api-request.js).
    const response = await unlessStopped(sendTo(client, url, { ...request, signal }), signal);
    if (response === undefined) throw interruptedWait(signal.reason);
    return response;
  } catch (error) {
    if (!deadline.signal.aborted || request.signal?.aborted) throw error;
    throw noAnswer(url, `it took longer than ${timeoutMs / 1000} s`, error);
  } finally {
    clearTimeout(timer);
  }
}

async function sendTo(client: Client, url: string, request: RawRequest): Promise<RawResponse> {
  const [path = '/', querystring = ''] = request.path.split('?', 2);
  const type = request.contentType ?? 'json';
  try {
    const response = await client.transport.request<unknown>(
      {
        method: request.method,
        path,
        querystring,
        ...(request.body !== undefined && (type === 'ndjson' ? { bulkBody: request.body } : { body: request.body })),
      },
      {
        meta: true,
        ...(request.body !== undefined && {
          headers: { 'content-type': CONTENT_TYPES[type], accept: CONTENT_TYPES.json },
        }),
        // Every status is an answer.
        ignore: REFUSALS,
        ...(request.signal && { signal: request.signal }),
        ...(request.raw && { asStream: true }),
      },
    );
    const body = request.raw && response.body instanceof Readable ? await text(response.body) : response.body;
    return { status: response.statusCode ?? 0, body, ...retryAfter(response.headers) };
  } catch (error) {
    throw unreachable(error, url, (await readClient()).errors);
  }
}

function retryAfter(headers: { readonly [name: string]: unknown } | undefined): { retryAfterSeconds?: number } {
  const text = String(headers?.['retry-after']);
  // A number, or a date (RFC 9110, 10.2.3).
  const seconds = Number.isNaN(Number(text)) ? (Date.parse(text) - Date.now()) / 1000 : Number(text);
  return Number.isFinite(seconds) && seconds > 0 ? { retryAfterSeconds: seconds } : {};
}
