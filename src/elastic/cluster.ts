/** How the Elasticsearch that we talk to came to be. */
export type ClusterKind = 'embedded' | 'docker' | 'external';

/** A connected Elasticsearch. Everything that kaudit asks of it goes through these two methods. */
export interface Cluster {
  readonly url: string;
  readonly version: string;
  readonly kind: ClusterKind;
  /** Process of the embedded node. */
  readonly pid: number | undefined;
  /** One request, JSON in and out; throws KauditError `server-refused` with the server's reason. */
  readonly ask: (method: Method, path: string, body?: object) => Promise<unknown>;
  /** One request as it is, and every status is an answer. Throws only when there is none (`unreachable`). */
  readonly send: (request: RawRequest) => Promise<RawResponse>;
}

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';

export interface RawRequest {
  readonly method: Method;
  /** Path with its query string, such as `/_bulk?filter_path=errors`. */
  readonly path: string;
  readonly body?: Buffer | string;
  /** What the body is: `json` unless told. */
  readonly contentType?: 'json' | 'ndjson';
  /** Answers with the body's text as the server sent it; a parsed number may have lost digits. */
  readonly raw?: boolean;
  readonly signal?: AbortSignal;
}

export interface RawResponse {
  readonly status: number;
  /** Parsed JSON; the text where it is none, or where the request is raw. */
  readonly body: unknown;
  readonly retryAfterSeconds?: number;
}
