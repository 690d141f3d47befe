import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALL, run, timed } from '../simulated.ts';

describe('a storyline', () => {
  it('is in the log whole, wherever chance puts it', () => {
    const options = fc.record({
      seed: fc.nat(),
      hours: fc.constantFrom(0.26, 0.5, 6, 24, 1000),
      attacks: fc.subarray(ALL, { minLength: 1, maxLength: 8 }),
    });
    fc.assert(
      fc.property(options, (some) => {
        const { events, truth } = run({ ...some, events: 2400 });
        for (const story of truth.storylines) {
          const ids = new Set(story.auditIDs);
          const own = events.filter(({ auditID }) => ids.has(auditID)).map(timed);
          expect(own.filter(({ terminal }) => terminal).length).toBeGreaterThanOrEqual(ids.size - 1);
        }
      }),
      { numRuns: 25 },
    );
  });

  it('uses the stolen token itself: the credential of the pipeline, from outside', () => {
    const { events, truth } = run({ events: 20_000, attacks: ['stolen-ci-token'] });
    const stolen = new Set(truth.storylines[0]?.auditIDs);
    const deployer = events.filter(({ user }) => user.username === 'system:serviceaccount:ci:deployer');
    const credential = 'authentication.kubernetes.io/credential-id';
    expect(new Set(deployer.map(({ user }) => JSON.stringify(user.extra?.[credential]))).size).toBe(1);
    for (const event of deployer)
      expect(event.sourceIPs).toEqual([stolen.has(event.auditID) ? '203.0.113.7' : '10.244.3.5']);
  });
});
