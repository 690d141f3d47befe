const RFC3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;

const ZERO = 48;

/** audit.k8s.io did not exist before Kubernetes 1.7 (2017). */
const EARLIEST = Date.UTC(2015, 0, 1) * 1000;
const LATEST = Date.UTC(2100, 0, 1) * 1000;

/** `000Z` to `999Z`. */
const MILLIS_TEXTS = Array.from({ length: 1000 }, (_, millis) => `${String(millis).padStart(3, '0')}Z`);
/** `00` to `59`. */
const SIXTY = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'));

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The days that were read and written last: a log is in the order of time, and Date costs more than all else here. */
let lastRead = { text: '', micros: 0 };
let lastWritten = { day: Number.NaN, text: '' };

/**
 * Microseconds since 1970 of an RFC 3339 time, undefined for anything else.
 * Date keeps milliseconds only, and the API server writes microseconds, so the fraction is read by hand.
 */
export function parseMicros(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined;
  return parseNative(value) ?? parseAny(value);
}

/** The API server's own form, `2026-03-02T09:41:07.123456Z`, of a day that was read before. */
function parseNative(value: string): number | undefined {
  if (value.length !== 27 || lastRead.text === '' || !value.startsWith(lastRead.text)) return undefined;
  if (value[13] !== ':' || value[16] !== ':' || value[19] !== '.' || value[26] !== 'Z') return undefined;
  const hours = digits(value, 11, 13);
  const minutes = digits(value, 14, 16);
  const seconds = digits(value, 17, 19);
  const fraction = digits(value, 20, 26);
  // False for NaN too. Times that no clock shows, such as 24:00:00, are left to Date.
  if (!(hours < 24 && minutes < 60 && seconds < 60 && fraction < SECOND)) return undefined;
  return lastRead.micros + hours * HOUR + minutes * MINUTE + seconds * SECOND + fraction;
}

/** The number that is written from `start` to before `end`; NaN where there is anything but digits. */
function digits(text: string, start: number, end: number): number {
  let number = 0;
  for (let at = start; at < end; at += 1) {
    const digit = text.charCodeAt(at) - ZERO;
    if (digit < 0 || digit > 9) return Number.NaN;
    number = number * 10 + digit;
  }
  return number;
}

function parseAny(value: string): number | undefined {
  const match = RFC3339.exec(value);
  if (match === null) return undefined;
  const [, seconds, fraction = '', zone] = match;
  const millis = Date.parse(`${seconds}${zone}`);
  if (Number.isNaN(millis)) return undefined;
  if (zone === 'Z') rememberDay(value.slice(0, 'yyyy-mm-ddT'.length));
  return millis * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6));
}

/** By its midnight, and not by the time that was read: 24:00:00 is on the next day. */
function rememberDay(text: string): void {
  if (text !== lastRead.text) lastRead = { text, micros: Date.parse(`${text}00:00:00Z`) * 1000 };
}

/**
 * Whether a time may decide which index an event goes to; others are kept in the undated one.
 * Does not look at the clock: an event must go to the same index whenever it is loaded.
 */
export function isPlausible(micros: number): boolean {
  return micros >= EARLIEST && micros < LATEST;
}

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
  const day = Math.floor(micros / DAY);
  if (day !== lastWritten.day) lastWritten = { day, text: new Date((day * DAY) / 1000).toISOString().slice(0, -13) };
  const millis = Math.floor((micros - day * DAY) / 1000);
  const seconds = Math.floor(millis / 1000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const clock = `${SIXTY[hours]}:${SIXTY[minutes - hours * 60]}:${SIXTY[seconds - minutes * 60]}`;
  return `${lastWritten.text}${clock}.${MILLIS_TEXTS[millis - seconds * 1000]}`;
}
