import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Moment, slidingWindow } from '../../src/query/kinds/threshold.ts';

/** The same by trying every window that begins at a moment. */
function bruteForce(moments: readonly Moment[], span: number): number {
  const counts = moments.map(({ time: from }) => {
    const inside = moments.filter(({ time }) => time >= from && time < from + span);
    const [first] = inside;
    return first?.value === undefined
      ? inside.reduce((sum, { count }) => sum + count, 0)
      : new Set(inside.map(({ value }) => value)).size;
  });
  return Math.max(0, ...counts);
}

const counted = fc.record({ time: fc.nat(200), count: fc.integer({ min: 1, max: 5 }) });
const valued = fc.record({ time: fc.nat(200), count: fc.constant(1), value: fc.constantFrom('a', 'b', 'c', 'd', 'e') });

describe('slidingWindow', () => {
  it.each<[string, fc.Arbitrary<Moment>]>([
    ['requests', counted],
    ['distinct values', valued],
  ])('finds the window with the most %s', (_, moment) => {
    fc.assert(
      fc.property(fc.array(moment), fc.integer({ min: 1, max: 80 }), (moments, span) => {
        const sorted = [...moments].sort((a, b) => a.time - b.time);
        const window = slidingWindow(span);
        for (const one of sorted) window.add(one);
        expect(window.peak().count).toBe(bruteForce(sorted, span));
      }),
    );
  });

  it('says when that window began', () => {
    const window = slidingWindow(10);
    for (const time of [0, 50, 55, 59, 60, 100]) window.add({ time, count: 1 });
    expect(window.peak()).toEqual({ count: 3, from: 50 });
  });

  it('does not hold what has left the window', () => {
    const window = slidingWindow(10);
    for (let time = 0; time < 200_000; time += 1) window.add({ time, count: 1 });
    expect(window.peak()).toEqual({ count: 10, from: 0 });
  });
});
