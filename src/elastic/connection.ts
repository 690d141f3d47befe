import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Client, ClientOptions } from '@elastic/elasticsearch';
import { KauditError, messageOf } from '../shared/errors.ts';
import type { Cluster, ClusterKind, RawRequest, RawResponse } from './cluster.ts';

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
const REFUSALS = Array.from({ length: 200 }, (_, at) => 400 + at);
const OLDEST = [8, 19] as const;
/** The client names the type of what it has serialised itself, and nothing else is sent through it. */
const CONTENT_TYPES = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
} as const;

/** Connects, and checks once that this is an Elasticsearch that kaudit works with and that it lets us in. */
export async function connect(options: ConnectionOptions): Promise<Cluster> {
  const { Client } = await readClient();
  const client = new Client(clientOptions(options));
  const timeoutMs = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
  const send = (request: RawRequest): Promise<RawResponse> => sendWithin(timeoutMs, client, options.url, request);
  const server = await identify(send, options.url, authOf(options) !== undefined);
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
    return await sendTo(client, url, { ...request, signal });
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
    throw await unreachable(error, url);
  }
}

function retryAfter(headers: { readonly [name: string]: unknown } | undefined): { retryAfterSeconds?: number } {
  const seconds = Number(headers?.['retry-after']);
  return Number.isFinite(seconds) && seconds > 0 ? { retryAfterSeconds: seconds } : {};
}

/** What can be done about a certificate, by the words of OpenSSL and Node. */
const CERTIFICATE_HINTS: readonly (readonly [RegExp, string])[] = [
  [/expired|not yet valid/i, "It must be renewed, unless this machine's clock is wrong."],
  [/altnames/i, 'It is for another host: put the name that it is for into ELASTICSEARCH_URL.'],
  [/certificate|self.signed/i, 'Set ELASTICSEARCH_CA_FILE to the PEM file of the authority that signed it.'],
];

async function unreachable(error: unknown, url: string): Promise<KauditError> {
  const { errors } = await readClient();
  if (error instanceof errors.ProductNotSupportedError) return noElasticsearch(url);
  if (error instanceof errors.RequestAbortedError) {
    return new KauditError('interrupted', 'Interrupted while waiting for Elasticsearch.', { cause: error });
  }
  if (error instanceof errors.DeserializationError) return noElasticsearch(url);
  const message = messageOf(error);
  if (/wrong version number|packet length too long/i.test(message)) {
    return new KauditError('unreachable', `What answers at ${url} does not speak TLS.`, {
      hint: 'If that is as it should be, let ELASTICSEARCH_URL begin with http://.',
      cause: error,
    });
  }
  const hint = CERTIFICATE_HINTS.find(([pattern]) => pattern.test(message))?.[1];
  if (hint !== undefined) {
    return new KauditError('unreachable', `The certificate of ${url} is not trusted: ${message}.`, {
      hint,
      cause: error,
    });
  }
  return noAnswer(url, message, error);
}

function noAnswer(url: string, why: string, cause: unknown): KauditError {
  return new KauditError('unreachable', `No answer from ${url}: ${why}.`, {
    hint: 'Check ELASTICSEARCH_URL and that the server runs; unset it to use the embedded node.',
    cause,
  });
}

function noElasticsearch(url: string): KauditError {
  return new KauditError('unsupported-server', `What answers at ${url} is not Elasticsearch.`, {
    hint: 'kaudit works with Elasticsearch 8.19 and 9.x; check ELASTICSEARCH_URL.',
  });
}

interface Server {
  readonly version: string;
  readonly clusterName: string | undefined;
}

/** The embedded node has no root page (405): there the nodes API tells the version. */
async function identify(
  send: (request: RawRequest) => Promise<RawResponse>,
  url: string,
  hasCredentials: boolean,
): Promise<Server> {
  const root = await send({ method: 'GET', path: '/' });
  const answer =
    root.status === 405
      ? await send({ method: 'GET', path: '/_nodes/_local?filter_path=cluster_name,nodes.*.version' })
      : root;
  if (answer.status === 401 && !hasCredentials) {
    throw new KauditError('unauthorized', `Elasticsearch at ${url} asks for credentials, and none are set.`, {
      hint: 'Set ELASTICSEARCH_API_KEY, or ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD.',
    });
  }
  if (answer.status === 401 || answer.status === 403) throw refusal(answer, 'GET /', url);
  if (answer.status >= 500 || answer.status === 429) {
    throw new KauditError('unreachable', `${url} answers with status ${answer.status}.`, {
      hint: 'The server or a proxy before it is not ready: try again in a moment.',
    });
  }
  const version = readVersion(answer.body);
  if (answer.status !== 200 || version === undefined) throw noElasticsearch(url);
  requireSupported(version, url);
  return { version, clusterName: member(answer.body, 'cluster_name') };
}

function readVersion(body: unknown): string | undefined {
  const version = memberObject(body, 'version');
  // OpenSearch answers like Elasticsearch 7 and names itself here.
  if (member(version, 'distribution') !== undefined) return undefined;
  const nodes = memberObject(body, 'nodes');
  return member(version, 'number') ?? member(Object.values(nodes ?? {})[0], 'version');
}

function memberObject(value: unknown, key: string): object | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const found: unknown = Reflect.get(value, key);
  return typeof found === 'object' && found !== null ? found : undefined;
}

function member(value: unknown, key: string): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const found: unknown = Reflect.get(value, key);
  return typeof found === 'string' ? found : undefined;
}

function requireSupported(version: string, url: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new KauditError('unsupported-server', `${url} runs Elasticsearch ${version}; kaudit needs 8.19 or newer.`, {
    hint: 'Upgrade the server, or unset ELASTICSEARCH_URL to use the embedded node.',
  });
}

/** What the server's refusal means to the user. */
export function refusal(response: RawResponse, what: string, url: string): KauditError {
  if (response.status === 401) {
    return new KauditError('unauthorized', `Elasticsearch at ${url} does not accept these credentials.`, {
      hint: 'Check ELASTICSEARCH_API_KEY, or ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD.',
    });
  }
  const error = memberObject(response.body, 'error');
  const reason = member(error, 'reason') ?? member(response.body, 'error') ?? `status ${response.status}`;
  if (response.status === 403) {
    return new KauditError('unauthorized', `Elasticsearch refuses ${what}: ${reason}`, {
      hint: 'The user or API key lacks a privilege that the message names.',
    });
  }
  return new KauditError('server-refused', `Elasticsearch refuses ${what}: ${reason}`, { cause: response.body });
}
