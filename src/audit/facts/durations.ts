/** How many microseconds a unit of Go's time.Duration has. */
const MICROS: Readonly<Record<string, number>> = { h: 3.6e9, m: 6e7, s: 1e6, ms: 1000, µs: 1, μs: 1, us: 1, ns: 0.001 };
const WHOLE = /^(?:\d+(?:\.\d+)?(?:h|m|s|ms|µs|μs|us|ns))+$/;
const PART = /(\d+(?:\.\d+)?)(h|ms|m|s|µs|μs|us|ns)/g;
/** Longer ones are no duration that Go wrote. */
const LONGEST = 64;

/** Whole microseconds of a duration as Go writes it, such as `1m2.3s`; undefined for anything else. */
export function durationMicros(value: unknown): number | undefined {
  if (typeof value !== 'string' || value.length > LONGEST || !WHOLE.test(value)) return undefined;
  let micros = 0;
  for (const [, amount, unit] of value.matchAll(PART)) micros += Number(amount) * (MICROS[unit ?? ''] ?? 0);
  return Number.isSafeInteger(Math.round(micros)) ? Math.round(micros) : undefined;
}
