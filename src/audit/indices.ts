import { KauditError } from '../shared/errors.ts';
import { memoiseText } from './memo.ts';

/** How long the time is whose events share an index. */
export const BUCKETS = ['day', 'month', 'year'] as const;
export type Bucket = (typeof BUCKETS)[number];

/** What Elasticsearch allows an index. */
export const MOST_PRIMARY_SHARDS = 1024;

export const DEFAULT_BUCKET: Bucket = 'month';

/** How much of an ISO time names the period. */
const PERIOD_LENGTH: Readonly<Record<Bucket, number>> = { day: 10, month: 7, year: 4 };
const UNDATED = 'undated';

/** Events of a namespace, in all its indices. Elastic's rules search `logs-kubernetes.audit_logs-*`. */
export function eventsAlias(namespace: string): string {
  return `logs-kubernetes.audit_logs-${namespace}`;
}

/** The index of a period (`2026.03`), or of `undated` events. */
export function eventsIndex(namespace: string, period: string): string {
  return `kaudit-events-${namespace}-${period}`;
}

/** The index of events without a time to believe: one a namespace, whatever the bucket. */
export function undatedIndex(namespace: string): string {
  return eventsIndex(namespace, UNDATED);
}

/** Events whose id another event has: kept aside, so that neither is lost nor counted twice. */
export function variantsIndex(namespace: string): string {
  return `kaudit-variants-${namespace}`;
}

/** The period of an ISO time: `2026.03.14`, `2026.03` or `2026`. */
export function periodOf(timestamp: string | undefined, bucket: Bucket): string {
  return timestamp === undefined ? UNDATED : dotted(timestamp.slice(0, PERIOD_LENGTH[bucket]));
}

const dotted = memoiseText((date) => date.replaceAll('-', '.'));

/** What the name of an events index tells; a namespace holds no "-". */
export function readEventsIndex(index: string): { namespace: string; bucket: Bucket | undefined } | undefined {
  const match = /^kaudit-events-([^-]+)-([^-]+)$/.exec(index);
  if (match === null) return undefined;
  const [, namespace = '', period = ''] = match;
  const bucket = /^\d{4}(\.\d\d){0,2}$/.test(period)
    ? BUCKETS.find((name) => PERIOD_LENGTH[name] === period.length)
    : undefined;
  return { namespace, bucket };
}

/** Elasticsearch takes lower case in index names, and our own pattern needs the rest. */
export function requireNamespace(namespace: string): string {
  if (/^[a-z0-9][a-z0-9_.]{0,99}$/.test(namespace)) return namespace;
  throw new KauditError('usage', `"${namespace}" cannot be a namespace of the index.`, {
    hint: 'Use lower-case letters, digits, "_" and ".", such as prod or team_a.',
  });
}
