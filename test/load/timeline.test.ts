import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openTimeline, type Silence } from '../../src/load/timeline.ts';

const START = Date.UTC(2026, 0, 1) * 1000;
const times = fc.array(fc.integer({ min: 0, max: 1_000_000 }).map((offset) => START + offset));

/** What the timeline should find, by looking at every event. */
function silences(events: readonly number[], limit: number): readonly Silence[] {
  const sorted = [...events].sort((a, b) => a - b);
  return sorted.slice(1).flatMap((to, at) => {
    const from = sorted[at] ?? to;
    return to - from > limit ? [{ from, to }] : [];
  });
}

describe('the timeline', () => {
  it('finds exactly the silences that are longer than the limit, in whatever order events come', () => {
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 100_000 }), (events, limit) => {
        const timeline = openTimeline(limit);
        for (const micros of events) timeline.add(micros);
        expect(timeline.gaps()).toEqual(silences(events, limit));
        expect(timeline.resolution()).toBe(limit);
      }),
    );
  });

  it('knows the first and the last event', () => {
    fc.assert(
      fc.property(times, (events) => {
        const timeline = openTimeline(1000);
        for (const micros of events) timeline.add(micros);
        const [first, last] = events.length === 0 ? [undefined, undefined] : [Math.min(...events), Math.max(...events)];
        expect(timeline.span()).toEqual({ first, last });
      }),
    );
  });

  it('with few cells still finds all that are longer than its resolution, and none that is not there', () => {
    fc.assert(
      fc.property(
        times,
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 2, max: 9 }),
        (events, limit, cells) => {
          const timeline = openTimeline(limit, cells);
          for (const micros of events) timeline.add(micros);
          const all = silences(events, limit);
          const found = timeline.gaps();
          expect(all).toEqual(expect.arrayContaining([...found]));
          expect(found).toEqual(
            expect.arrayContaining(all.filter(({ from, to }) => to - from > timeline.resolution())),
          );
        },
      ),
    );
  });
});
