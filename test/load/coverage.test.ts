import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LEVELS, STAGES } from '../../src/audit/event.ts';
import { type Covered, openCoverage } from '../../src/load/coverage.ts';

const START = Date.UTC(2026, 0, 1) * 1000;
const events = fc.array(
  fc.record({
    event: fc.record<Covered>({
      micros: fc.option(
        fc.nat(10_000_000).map((millis) => START + millis * 1000),
        { nil: undefined },
      ),
      level: fc.constantFrom(...LEVELS),
      stage: fc.constantFrom(...STAGES),
    }),
    cluster: fc.option(fc.constantFrom('prod', 'dev', '__proto__'), { nil: undefined }),
  }),
);

const sum = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((a, b) => a + b, 0);

describe('coverage', () => {
  it('counts every event once by level, stage and cluster', () => {
    fc.assert(
      fc.property(events, (list) => {
        const coverage = openCoverage();
        const file = coverage.file('audit.log');
        for (const { event, cluster } of list) file.add(event, cluster);
        const closed = coverage.close();
        expect([closed.levels, closed.stages, closed.clusters].map(sum)).toEqual(Array(3).fill(list.length));
        expect(closed.levels.Request ?? 0).toBe(list.filter(({ event }) => event.level === 'Request').length);
        expect(closed.undated).toBe(list.filter(({ event }) => event.micros === undefined).length);
      }),
    );
  });

  it('tells the longest gaps first, and how long all are together', () => {
    const coverage = openCoverage(60);
    const file = coverage.file('audit.log');
    for (const minute of [0, 2, 3, 10, 15]) {
      file.add({ micros: START + minute * 60e6, level: 'Metadata', stage: 'ResponseComplete' }, undefined);
    }
    expect(coverage.close()).toMatchObject({
      first: '2026-01-01T00:00:00.000Z',
      last: '2026-01-01T00:15:00.000Z',
      gapCount: 3,
      gapSeconds: 14 * 60,
      gaps: [
        { from: '2026-01-01T00:03:00.000Z', to: '2026-01-01T00:10:00.000Z', seconds: 420 },
        { from: '2026-01-01T00:10:00.000Z', to: '2026-01-01T00:15:00.000Z', seconds: 300 },
        { from: '2026-01-01T00:00:00.000Z', to: '2026-01-01T00:02:00.000Z', seconds: 120 },
      ],
    });
  });

  it.each(['resumed', 'interrupted'] as const)(
    'tells no gaps of what was %s: they may be what another run reads',
    (part) => {
      const coverage = openCoverage(120);
      const file = coverage.file('audit.log');
      for (const hour of [0, 9]) {
        file.add({ micros: START + hour * 3600e6, level: 'Metadata', stage: 'ResponseComplete' }, undefined);
      }
      expect(coverage.close(part)).toMatchObject({ part, levels: { Metadata: 2 }, gapCount: 0, gaps: [] });
    },
  );

  it('says nothing of time where there was no event', () => {
    expect(openCoverage().close()).toEqual({
      undated: 0,
      levels: {},
      stages: {},
      clusters: {},
      gapLimitSeconds: 300,
      gapResolutionSeconds: 300,
      gapCount: 0,
      gapSeconds: 0,
      gaps: [],
      missingRotations: [],
    });
  });
});
