const RFC3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;

const ZERO = 48;

/** audit.k8s.io did not exist before Kubernetes 1.7 (2017). */
const EARLIEST = Date.UTC(2015, 0, 1) * 1000;
const LATEST = Date.UTC(2100, 0, 1) * 1000;

/** `000Z` to `999Z`. */
const MILLIS_TEXTS = Array.from({ length: 1000 }, (_, millis) => `${String(millis).padStart(3, '0')}Z`);

/** The second that was read last, in both forms: a log is in the order of time, and Date costs more than all else here. */
let lastRead = { text: '', micros: 0 };
let lastWritten = { second: Number.NaN, text: '' };

/**
 * Microseconds since 1970 of an RFC 3339 time, undefined for anything else.
 * Date keeps milliseconds only, and the API server writes microseconds, so the fraction is read by hand.
 */
export function parseMicros(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined;
  return parseNative(value) ?? parseAny(value);
}

/** The API server's own form, `2026-03-02T09:41:07.123456Z`, of a second that was read before. */
function parseNative(value: string): number | undefined {
  if (value.length !== 27 || value[19] !== '.' || value[26] !== 'Z') return undefined;
  if (!value.startsWith(lastRead.text) || lastRead.text === '') return undefined;
  let fraction = 0;
  for (let at = 20; at < 26; at += 1) {
    const digit = value.charCodeAt(at) - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    fraction = fraction * 10 + digit;
  }
  return lastRead.micros + fraction;
}

function parseAny(value: string): number | undefined {
  const match = RFC3339.exec(value);
  if (match === null) return undefined;
  const [, seconds, fraction = '', zone] = match;
  const millis = Date.parse(`${seconds}${zone}`);
  if (Number.isNaN(millis)) return undefined;
  if (zone === 'Z') lastRead = { text: String(seconds), micros: millis * 1000 };
  return millis * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6));
}

/**
 * Whether a time may decide which index an event goes to; others are kept in the undated one.
 * Does not look at the clock: an event must go to the same index whenever it is loaded.
 */
export function isPlausible(micros: number): boolean {
  return micros >= EARLIEST && micros < LATEST;
}

const HOUR = 3_600_000_000;
let lastHour = { hour: Number.NaN, json: '' };

/**
 * Hour of the day, and day of the week from 1 for Monday to 7 for Sunday, in UTC: `{"hour":9,"weekday":1}`. As JSON, since
 * writing it costs more than all else here.
 */
export function clockJson(micros: number): string {
  const hour = Math.floor(micros / HOUR);
  if (hour !== lastHour.hour) {
    const date = new Date((hour * HOUR) / 1000);
    lastHour = { hour, json: JSON.stringify({ hour: date.getUTCHours(), weekday: date.getUTCDay() || 7 }) };
  }
  return lastHour.json;
}

/** `2026-03-02T09:41:07.123Z`: what Elasticsearch's `date` keeps. */
export function isoMillis(micros: number): string {
  const millis = Math.floor(micros / 1000);
  const second = Math.floor(millis / 1000);
  if (second !== lastWritten.second) lastWritten = { second, text: new Date(second * 1000).toISOString().slice(0, -4) };
  return lastWritten.text + MILLIS_TEXTS[millis - second * 1000];
}
