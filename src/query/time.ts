import { KauditError } from '../shared/errors.ts';
import type { Window } from './types.ts';

const UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** Milliseconds of `30s`, `10m`, `1h`, `7d`, `2w`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const [, number, unit] = /^(\d{1,6})([smhdw])$/.exec(text) ?? [];
  return number === undefined ? undefined : Number(number) * UNITS[unit as keyof typeof UNITS];
}

/** Milliseconds of a duration that the schema has checked. */
export function milliseconds(duration: string): number {
  const parsed = parseDuration(duration);
  if (parsed === undefined) throw new TypeError(`${duration} is no duration`);
  return parsed;
}

/** Whole units of the largest that fits: `3d`. */
export function inWords(ms: number): string {
  const [unit, size] = Object.entries(UNITS).findLast(([name, of]) => name !== 'w' && ms >= of) ?? ['s', UNITS.s];
  return `${Math.floor(ms / size)}${unit}`;
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** A window from what a user types: ISO times, `now`, `now-24h`. */
export function parseWindow(from: string | undefined, to: string | undefined, now: number): Window {
  const window = {
    ...(from !== undefined && { from: parseTime(from, '--from', now) }),
    ...(to !== undefined && { to: parseTime(to, '--to', now) }),
  };
  if (window.from !== undefined && window.to !== undefined && window.from >= window.to) {
    throw new KauditError('usage', `The window is empty: --from ${from} is not before --to ${to}.`);
  }
  return window;
}

/** A date alone or a time without a zone is read as UTC, as audit logs are written. */
function parseTime(text: string, flag: string, now: number): string {
  const [, offset] = /^now(?:-(\w+))?$/.exec(text) ?? [];
  const back = text === 'now' ? 0 : parseDuration(offset ?? '');
  if (back !== undefined) return new Date(now - back).toISOString();
  const isIso = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/.test(text);
  const zoned = /T/.test(text) && !/(Z|[+-]\d\d:\d\d)$/.test(text) ? `${text}Z` : text;
  const time = isIso ? Date.parse(zoned) : Number.NaN;
  if (!Number.isNaN(time)) return new Date(time).toISOString();
  throw new KauditError('usage', `${flag} is "${text}", which is no time.`, {
    hint: 'Use an ISO time such as 2026-03-02T09:00:00Z, a date, or now-24h (units s, m, h, d, w).',
  });
}
