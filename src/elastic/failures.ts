/** What it means to the user that a request has failed, and what to do about it. */
import type { errors } from '@elastic/elasticsearch';
import { KauditError, messageOf } from '../shared/errors.ts';
import { at, stringOf } from '../shared/json.ts';
import type { RawResponse } from './cluster.ts';

type ClientErrors = typeof errors;

/** What can be done about a certificate, by the words of OpenSSL and Node. */
const CERTIFICATE_HINTS: readonly (readonly [RegExp, string])[] = [
  [/expired|not yet valid/i, "It must be renewed, unless this machine's clock is wrong."],
  [/altnames/i, 'It is for another host: put the name that it is for into ELASTICSEARCH_URL.'],
  [/certificate|self.signed/i, 'Set ELASTICSEARCH_CA_FILE to the PEM file of the authority that signed it.'],
];

export function unreachable(error: unknown, url: string, errors: ClientErrors): KauditError {
  if (error instanceof errors.ProductNotSupportedError) return noElasticsearch(url);
  if (error instanceof errors.RequestAbortedError) return interruptedWait(error);
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

export function interruptedWait(cause: unknown): KauditError {
  return new KauditError('interrupted', 'Interrupted while waiting for Elasticsearch.', { cause });
}

export function noAnswer(url: string, why: string, cause: unknown): KauditError {
  return new KauditError('unreachable', `No answer from ${url}: ${why}.`, {
    hint: 'Check ELASTICSEARCH_URL and that the server runs; unset it to use the embedded node.',
    cause,
  });
}

export function noElasticsearch(url: string): KauditError {
  return new KauditError('unsupported-server', `What answers at ${url} is not Elasticsearch.`, {
    hint: 'kaudit works with Elasticsearch 8.19 and 9.x; check ELASTICSEARCH_URL.',
  });
}

/** What the server's refusal means to the user. */
export function refusal(response: RawResponse, what: string, url: string): KauditError {
  if (response.status === 401) {
    return new KauditError('unauthorized', `Elasticsearch at ${url} does not accept these credentials.`, {
      hint: 'Check ELASTICSEARCH_API_KEY, or ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD.',
    });
  }
  const error = at(response.body, 'error');
  const reason = stringOf(at(error, 'reason')) ?? stringOf(error) ?? `status ${response.status}`;
  if (response.status === 403) {
    return new KauditError('unauthorized', `Elasticsearch refuses ${what}: ${reason}`, {
      hint: 'The user or API key lacks a privilege that the message names.',
    });
  }
  return new KauditError('server-refused', `Elasticsearch refuses ${what}: ${reason}`, { cause: response.body });
}

/** Elasticsearch says it with status 400, as if the document were to blame. */
export const INDEX_CLOSED = 'index_closed_exception';

/** The refusal of one document for which its index is to blame: another document would fare no better. */
export function targetRefused(url: string, index: string, status: number, type: string): KauditError {
  if (type === INDEX_CLOSED) {
    return new KauditError('server-refused', `The index ${index} on ${url} is closed (${type}).`, {
      hint: `Open it (kaudit api POST /${index}/_open), then run the same command again.`,
    });
  }
  return status === 404
    ? new KauditError('server-refused', `An index went away on ${url} while loading (${type}).`, {
        hint: 'Run the same command again: kaudit creates what is missing.',
      })
    : new KauditError('unauthorized', `${url} does not let this user store documents (${type}).`, {
        hint: 'The user or API key needs create_doc on kaudit-events-* and kaudit-variants-*.',
      });
}
