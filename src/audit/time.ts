const RFC3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;

/** audit.k8s.io did not exist before Kubernetes 1.7 (2017). */
const EARLIEST = Date.UTC(2015, 0, 1) * 1000;
const LATEST = Date.UTC(2100, 0, 1) * 1000;

/**
 * Microseconds since 1970 of an RFC 3339 time, undefined for anything else.
 * Date keeps milliseconds only, and the API server writes microseconds, so the fraction is read by hand.
 */
export function parseMicros(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined;
  const match = RFC3339.exec(value);
  if (match === null) return undefined;
  const [, seconds, fraction = '', zone] = match;
  const millis = Date.parse(`${seconds}${zone}`);
  if (Number.isNaN(millis)) return undefined;
  return millis * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6));
}

/**
 * Whether a time may decide which index an event goes to; others are kept in the undated one.
 * Does not look at the clock: an event must go to the same index whenever it is loaded.
 */
export function isPlausible(micros: number): boolean {
  return micros >= EARLIEST && micros < LATEST;
}

/** `2026-03-02T09:41:07.123Z`: what Elasticsearch's `date` keeps. */
export function isoMillis(micros: number): string {
  return new Date(Math.floor(micros / 1000)).toISOString();
}
