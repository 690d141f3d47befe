import type { Coverage, Group, InvestigationResult, RunResult, Scalar, Unit } from '../query/types.ts';

export function number(value: number): string {
  return value.toLocaleString('en');
}

export function plural(count: number, word: string, many = `${word}s`): string {
  return `${number(count)} ${count === 1 ? word : many}`;
}

/** `97%`; what is there is never called 0%, nor what is missing 100%. */
export function percent(part: number, whole: number): string {
  const share = (100 * part) / whole;
  if (share > 0 && share < 1) return '<1%';
  return share > 99 && share < 100 ? '>99%' : `${Math.round(share)}%`;
}

/** `2026-03-02 09:41` in UTC. */
export function minute(iso: string): string {
  return iso.slice(0, 16).replace('T', ' ');
}

/** `2026-03-02 09:41–10:02`, the second date only where it is another. */
export function span(first: string, last: string): string {
  const [from, to] = [minute(first), minute(last)];
  if (from === to) return from;
  return from.slice(0, 10) === to.slice(0, 10) ? `${from}–${to.slice(11)}` : `${from} – ${to}`;
}

/** What a reader must know of the data before believing any answer. */
export function notesOf({ variants, olderFacts }: Coverage): readonly string[] {
  return [
    ...(variants === 0
      ? []
      : [`${plural(variants, 'variant')} of other events with the same identity, in kaudit-variants-*: in no answer`]),
    ...(olderFacts === 0 ? [] : [`${plural(olderFacts, 'event')} with older facts: load anew to ask them what is new`]),
  ];
}

/** `exceptUsers=a, exceptUsers=b`, as they are given. */
export function parametersText(parameters: RunResult['parameters']): string {
  return Object.entries(parameters)
    .flatMap(([name, values]) => values.map((value) => `${name}=${value}`))
    .join(', ');
}

/** As `span`, to the second: for times that lie close together. */
export function moments(first: string, last: string): string {
  const [from, to] = [first, last].map((iso) => iso.slice(0, 19).replace('T', ' ')) as [string, string];
  return from.slice(0, 10) === to.slice(0, 10) ? `${from}–${to.slice(11)}` : `${from} – ${to}`;
}

/** `50 s`, `5 min`, `1 h 12 min`, `3 d 4 h`. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const [large, small, per] = minutes < 24 * 60 ? (['h', 'min', 60] as const) : (['d', 'h', 24] as const);
  const total = per === 60 ? minutes : Math.round(minutes / 60);
  const rest = total % per;
  return `${number(Math.floor(total / per))} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`;
}

export type Shown = Group['show'][string];

export type Units = InvestigationResult['units'];

/** A measure or key in words; null is what a group has not. */
function words(value: Shown, unit?: Unit): string {
  if (value === null) return '-';
  if (typeof value === 'object') return value.map((one) => word(one, unit)).join(', ') || '-';
  return word(value, unit);
}

/** Keys and measures of a group in words; of a list at most so many values. */
export function cellsOf(
  { by, show, more = {} }: Group,
  units: Units = {},
  most = Number.POSITIVE_INFINITY,
): readonly string[] {
  const measures = Object.entries(show).map(([name, value]) =>
    isList(value) ? listWords(value, units[name], more[name], most) : words(value, units[name]),
  );
  return [...Object.values(by).map(keyWords), ...measures];
}

/** Spans of time mostly begin at whole minutes, and must not be cut. */
function keyWords(value: Scalar | null): string {
  return isTime(value) ? words(value).replace(/:00$/, '') : words(value);
}

export function isList(value: Shown): value is readonly Scalar[] {
  return typeof value === 'object' && value !== null;
}

/** Says first how many values there are where it does not list them all: the end of a line may be cut. */
function listWords(values: readonly Scalar[], unit: Unit | undefined, unread = 0, most: number): string {
  const all = values.length + unread;
  const listed = values.slice(0, most);
  return `${listed.length < all ? `${number(all)} in all: ` : ''}${words(listed, unit)}`;
}

function word(value: Scalar, unit?: Unit): string {
  if (typeof value === 'number') return quantity(value, unit);
  const text = String(value);
  return isTime(text) ? text.replace('T', ' ').replace(/(\.\d+)?Z$/, '') : text;
}

/** `1,234`, `35 ms`, `12%`. */
export function quantity(value: number, unit?: Unit): string {
  if (unit === 'percent') return percent(value, 100);
  return unit === 'microseconds' ? elapsed(value) : number(value);
}

/** `850 µs`, `35.2 ms`, `1.25 s`. */
function elapsed(micros: number): string {
  if (micros >= 1_000_000) return `${number(Number((micros / 1_000_000).toFixed(2)))} s`;
  return micros < 1000 ? `${number(Math.round(micros))} µs` : `${number(Number((micros / 1000).toFixed(1)))} ms`;
}

export function isTime(value: unknown): value is string {
  return typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value);
}

/** The times of a group, earliest and latest, whatever its measures are called. */
export function timesOf({ show }: Group): { readonly first: string; readonly last: string } | undefined {
  const times = Object.values(show).filter(isTime).sort();
  const [first] = times;
  const last = times.at(-1);
  return first === undefined || last === undefined ? undefined : { first, last };
}
