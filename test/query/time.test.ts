import { describe, expect, it } from 'vitest';
import { inWords, parseDuration, parseWindow } from '../../src/query/time.ts';

const NOW = Date.UTC(2026, 2, 2, 12);

describe('inWords', () => {
  it.each([
    [0, '0s'],
    [59_999, '59s'],
    [60_000, '1m'],
    [90 * 60_000, '1h'],
    [20 * 86_400_000, '20d'],
  ])('%d milliseconds are %s', (ms, words) => {
    expect(inWords(ms)).toBe(words);
  });
});

describe('parseWindow', () => {
  it.each([
    [undefined, undefined, {}],
    ['now-24h', undefined, { from: '2026-03-01T12:00:00.000Z' }],
    ['now-2w', 'now', { from: '2026-02-16T12:00:00.000Z', to: '2026-03-02T12:00:00.000Z' }],
    ['2026-03-01', '2026-03-02', { from: '2026-03-01T00:00:00.000Z', to: '2026-03-02T00:00:00.000Z' }],
    ['2026-03-01T09:30', '2026-03-01T10:00:00+01:00', undefined],
    [
      '2026-03-01T09:30',
      '2026-03-01T11:00:00+01:00',
      { from: '2026-03-01T09:30:00.000Z', to: '2026-03-01T10:00:00.000Z' },
    ],
  ])('%s to %s', (from, to, window) => {
    if (window === undefined) expect(() => parseWindow(from, to, NOW)).toThrow('The window is empty');
    else expect(parseWindow(from, to, NOW)).toEqual(window);
  });

  it.each(['yesterday', 'now-', 'now-5y', 'now+1h', '2026-13-01', '1', ''])('does not guess what "%s" is', (text) => {
    expect(() => parseWindow(text, undefined, NOW)).toThrow('which is no time');
  });
});

describe('parseDuration', () => {
  it.each([
    ['30s', 30_000],
    ['10m', 600_000],
    ['2w', 1_209_600_000],
    ['10', undefined],
    ['-1h', undefined],
    ['1y', undefined],
  ])('%s', (text, millis) => {
    expect(parseDuration(text)).toBe(millis);
  });
});
