import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clockJson, isoMillis, isPlausible, parseMicros } from '../../src/audit/time.ts';

describe('parseMicros', () => {
  it.each([
    ['2026-03-02T09:41:07.123456Z', 123456],
    ['2026-03-02T09:41:07Z', 0],
    ['2026-03-02T09:41:07.1Z', 100000],
    ['2026-03-02T09:41:07.1234567Z', 123456],
    ['2026-03-02T11:41:07.5+02:00', 500000],
  ])('reads %s', (text, fraction) => {
    expect(parseMicros(text)).toBe(Date.UTC(2026, 2, 2, 9, 41, 7) * 1000 + fraction);
  });

  it.each(['', '2026-03-02', '2026-03-02 09:41:07', '2026-13-02T09:41:07Z', 'yesterday', 5, null, undefined])(
    'does not read %s',
    (value) => {
      expect(parseMicros(value)).toBeUndefined();
    },
  );

  it('agrees with Date to the millisecond', () => {
    const dates = fc.date({
      min: new Date('1970-01-01T00:00:00Z'),
      max: new Date('2200-01-01T00:00:00Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(dates, (date) => {
        expect(isoMillis(Number(parseMicros(date.toISOString())))).toBe(date.toISOString());
      }),
    );
  });
});

describe('the day that was read last', () => {
  /** As Date reads it, which knows nothing of the time before. */
  const expected = (text: string): number | undefined => {
    const millis = Date.parse(`${text.slice(0, 23)}Z`);
    return Number.isNaN(millis) ? undefined : millis * 1000 + Number(text.slice(23, 26));
  };
  const two = (most: number): fc.Arbitrary<string> =>
    fc.integer({ min: 0, max: most }).map((number) => String(number).padStart(2, '0'));
  // Some that no clock shows, and 24:00:00, which is midnight of the next day; before 1970 and after.
  const times = fc
    .tuple(
      fc.constantFrom('1969-12-31', '2026-03-02', '2026-02-30', '2026-13-01'),
      two(25),
      two(61),
      two(61),
      fc.nat(999_999),
    )
    .map(([day, hour, minute, second, micros]) => {
      return `${day}T${hour}:${minute}:${second}.${String(micros).padStart(6, '0')}Z`;
    });

  it('does not change what a time is', () => {
    fc.assert(
      fc.property(fc.array(times, { minLength: 2, maxLength: 6 }), (texts) => {
        for (const text of [...texts, '2026-03-02T24:00:00.000000Z', '2026-03-02T09:41:07.123456Z']) {
          expect([text, parseMicros(text)]).toEqual([text, expected(text)]);
        }
      }),
      { numRuns: 500 },
    );
  });

  it.each(['2026-03-02T09:41:07.12345xZ', '2026-03-02T09-41:07.123456Z', '2026-03-02T0a:41:07.123456Z'])(
    'does not make a time of %s',
    (text) => {
      parseMicros('2026-03-02T00:00:00.000000Z');
      expect(parseMicros(text)).toBeUndefined();
    },
  );
});

describe('clockJson', () => {
  it.each([
    ['2026-03-02T09:41:07Z', 9, 1],
    ['2026-03-08T23:59:59.999999Z', 23, 7],
    ['2026-03-09T00:00:00Z', 0, 1],
    ['2026-03-09T00:30:00+02:00', 22, 7],
    ['1969-12-31T23:59:59.999999Z', 23, 3],
  ])('%s is hour %s of day %s', (time, hour, weekday) => {
    expect(clockJson(Number(parseMicros(time)))).toBe(JSON.stringify({ hour, weekday }));
  });

  it('is that of the time itself, whatever came before it', () => {
    fc.assert(
      fc.property(fc.array(fc.date({ noInvalidDate: true }), { minLength: 2 }), (dates) => {
        for (const date of dates) {
          const weekday = ((date.getUTCDay() + 6) % 7) + 1;
          expect(JSON.parse(clockJson(date.getTime() * 1000))).toEqual({ hour: date.getUTCHours(), weekday });
        }
      }),
    );
  });
});

describe('isPlausible', () => {
  it.each([
    ['1970-01-01T00:00:00Z', false],
    ['2014-12-31T23:59:59Z', false],
    ['2017-06-01T00:00:00Z', true],
    ['2099-12-31T23:59:59Z', true],
    ['2100-01-01T00:00:00Z', false],
  ])('%s: %s', (time, plausible) => {
    expect(isPlausible(Number(parseMicros(time)))).toBe(plausible);
  });
});
