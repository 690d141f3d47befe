import { type AuditEvent, isObject } from './event.ts';
import { findSpans, type JsonPath, type Span, type Visit } from './json-spans.ts';

/** What stands in the document where a sensitive value was. */
export const REDACTED = '[redacted]';

export interface Redaction {
  readonly text: string;
  /** Where something was taken out: dotted, without array indexes and without the names of keys below; empty: nothing. */
  readonly paths: readonly string[];
}

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
const MAP_KEYS = new Set(['data', 'stringData']);
const TOKEN_KEYS = new Set(['token', 'accessToken', 'refreshToken', 'authorizeToken']);
const TOKEN_RESOURCES = new Set(['tokenreviews', 'oauthaccesstokens', 'oauthauthorizetokens', 'oauthclients']);
/** Keys of patches that admission webhooks made, as kubernetes/kubernetes logs them from level Request on. */
const WEBHOOK_PATCH = 'patch.webhook.admission.k8s.io/';
/** A quick look that lets nearly every event pass without a scan. */
const SUSPECT = /"Secret|"TokenRe|managedFields|last-applied-configuration/;

/** What may hold secrets in this event. */
interface Sensitive {
  readonly secrets: boolean;
  readonly tokens: boolean;
  readonly patch: readonly unknown[];
}

/**
 * Takes out what must not leave memory: the values of Secrets (their keys stay), tokens of token requests and reviews,
 * the last-applied annotation and managedFields. Everything else stays byte for byte.
 * `text` is the JSON that `event` was read from. URIs and annotations of other kinds are not looked into.
 */
export function redact(text: string, event: AuditEvent): Redaction {
  const sensitive = sensitiveOf(text, event);
  if (sensitive === undefined) return { text, paths: [] };
  const paths = new Set<string>();
  const spans = findSpans(text, markSensitive(text, sensitive, paths));
  return { text: replaceSpans(text, spans), paths: [...paths] };
}

function sensitiveOf(text: string, event: AuditEvent): Sensitive | undefined {
  const { resource, subresource } = event.objectRef ?? {};
  const hasBody = event.requestObject !== undefined || event.responseObject !== undefined;
  const isToken = resource === 'serviceaccounts' && subresource === 'token';
  const secrets = resource === 'secrets';
  const tokens = isToken || (resource !== undefined && TOKEN_RESOURCES.has(resource));
  if (!secrets && !(hasBody && (tokens || SUSPECT.test(text)))) return undefined;
  return {
    secrets: secrets || text.includes('"Secret'),
    tokens: tokens || text.includes('"TokenRe'),
    patch: Array.isArray(event.requestObject) ? event.requestObject : [],
  };
}

function markSensitive(text: string, sensitive: Sensitive, paths: Set<string>): Visit {
  return (path, start) => {
    if (path.length === 0) return 'enter';
    const root = path[0];
    if (path.length === 1)
      return root === 'requestObject' || root === 'responseObject' || root === 'annotations' ? 'enter' : 'skip';
    // A null holds no secret, and in a merge patch it says that the key goes away.
    if (text.startsWith('null', start)) return 'skip';
    const place =
      root === 'annotations' ? sensitiveAnnotation(path, sensitive) : sensitivePlace(path, text, start, sensitive);
    if (place === undefined) return 'enter';
    paths.add(place.filter((step) => typeof step === 'string').join('.'));
    return 'mark';
  };
}

function sensitiveAnnotation(path: JsonPath, sensitive: Sensitive): JsonPath | undefined {
  const isPatch = typeof path[1] === 'string' && path[1].startsWith(WEBHOOK_PATCH);
  return sensitive.secrets && isPatch ? path : undefined;
}

/** The place to name when the value at this path must go. */
function sensitivePlace(path: JsonPath, text: string, start: number, sensitive: Sensitive): JsonPath | undefined {
  const key = path.at(-1);
  const holder = path.at(-2);
  if (key === 'managedFields' || key === LAST_APPLIED) return path;
  if (sensitive.secrets && typeof holder === 'string' && MAP_KEYS.has(holder)) return path.slice(0, -1);
  if (typeof key !== 'string') return undefined;
  if (sensitive.secrets && MAP_KEYS.has(key) && text[start] !== '{') return path;
  if (sensitive.tokens && TOKEN_KEYS.has(key)) return path;
  return key === 'value' && path.length === 3 && isSensitivePatch(path, sensitive) ? path : undefined;
}

/** JSON Patch (RFC 6902): the place of a value is named in the `path` beside it. */
function isSensitivePatch(path: JsonPath, sensitive: Sensitive): boolean {
  const operation = path[0] === 'requestObject' && typeof path[1] === 'number' ? sensitive.patch[path[1]] : undefined;
  if (!isObject(operation) || typeof operation['path'] !== 'string') return false;
  return sensitive.secrets || /last-applied-configuration$|\/managedFields(\/|$)/.test(operation['path']);
}

function replaceSpans(text: string, spans: readonly Span[]): string {
  let result = '';
  let from = 0;
  for (const { start, end } of spans) {
    result += `${text.slice(from, start)}"${REDACTED}"`;
    from = end;
  }
  return from === 0 ? text : result + text.slice(from);
}
