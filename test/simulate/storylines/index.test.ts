import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STORYLINES } from '../../../src/simulate/index.ts';
import { ALL, mostWithin, run, type Timed, timed } from '../simulated.ts';

/** What each investigation looks for, counted by hand in the facts of one storyline. */
const SHOWS: Readonly<Record<string, (facts: readonly Timed[]) => boolean>> = {
  'secrets-read': (all) => all.some((fact) => fact.resource === 'secrets' && reads(fact) && fact.outcome === 'success'),
  'secrets-deleted': (all) => all.some((fact) => fact.resource === 'secrets' && deletes(fact)),
  'exec-into-pod': (all) => all.some((fact) => fact.exec !== undefined && fact.outcome === 'success'),
  'cluster-admin-bound': (all) =>
    all.some(({ rbac, outcome }) => rbac?.role?.includes('cluster-admin') === true && outcome === 'success'),
  'dangerous-role-written': (all) => all.some(({ rbac }) => rbac?.dangerous?.includes('wildcard-verb') === true),
  'anonymous-request-allowed': (all) =>
    all.some(
      ({ actor, decision, resource }) => actor.type === 'anonymous' && decision === 'allow' && resource !== undefined,
    ),
  'requests-forbidden': (all) =>
    mostWithin(
      all.filter(({ outcome }) => outcome === 'authorization'),
      3600,
      ({ actor }) => actor.name,
    ) >= 20,
  'authentication-failures': (all) =>
    mostWithin(
      all.filter(({ outcome }) => outcome === 'authentication'),
      600,
      ({ source }) => source?.ip,
    ) >= 10,
  'privileged-pod-created': (all) =>
    all.some(({ pod }) => pod?.privileged === true && pod.host_paths?.includes('/') === true),
  'service-account-token-created': (all) => all.some(({ resource }) => resource === 'serviceaccounts/token'),
  impersonation: (all) => all.some(({ actor }) => actor.impersonator !== undefined),
  'bulk-deletion': (all) => mostWithin(all.filter(deletes), 600, ({ actor }) => actor.name) >= 20,
};

function reads({ action }: Timed): boolean {
  return action === 'read' || action === 'list';
}

function deletes({ action, outcome }: Timed): boolean {
  return action === 'delete' && outcome === 'success';
}

describe('a storyline', () => {
  it('is in the log whole, with all that it must set off, wherever chance puts it', () => {
    const options = fc.record({
      seed: fc.nat(),
      hours: fc.constantFrom(0.26, 0.5, 6, 24, 1000),
      attacks: fc.subarray(ALL, { minLength: 1 }),
    });
    fc.assert(
      fc.property(options, (some) => {
        const { events, truth } = run({ ...some, events: 2400 });
        for (const story of truth.storylines) {
          const ids = new Set(story.auditIDs);
          const own = events.filter(({ auditID }) => ids.has(auditID)).map(timed);
          expect(own.filter(({ terminal }) => terminal).length).toBeGreaterThanOrEqual(ids.size - 1);
          for (const id of story.mustFire) expect([story.name, id, SHOWS[id]?.(own)]).toEqual([story.name, id, true]);
        }
      }),
      { numRuns: 25 },
    );
  });

  it('fires only what exists, and says what it needs bodies for', () => {
    expect(new Set(STORYLINES.flatMap(({ mustFire }) => mustFire))).toEqual(new Set(Object.keys(SHOWS)));
    for (const { mustFire, needsBodies } of STORYLINES)
      expect(mustFire).toEqual(expect.arrayContaining([...needsBodies]));
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
