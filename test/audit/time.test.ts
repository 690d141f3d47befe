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
