import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BUCKETS, eventsIndex, periodOf, readEventsIndex, requireNamespace } from '../../src/audit/indices.ts';

describe('the index of an event', () => {
  it.each([
    ['day', '2026.03.14'],
    ['month', '2026.03'],
    ['year', '2026'],
  ] as const)('is named by its %s', (bucket, period) => {
    expect(periodOf('2026-03-14T09:41:07.125Z', bucket)).toBe(period);
    expect(periodOf(undefined, bucket)).toBe('undated');
  });

  it('has a name that tells its namespace and bucket', () => {
    const namespaces = fc.stringMatching(/^[a-z0-9][a-z0-9_.]{0,20}$/);
    const times = fc.date({ min: new Date('2015-01-01'), max: new Date('2099-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(namespaces, times, fc.constantFrom(...BUCKETS), (name, time, bucket) => {
        const namespace = requireNamespace(name);
        const index = eventsIndex(namespace, periodOf(time.toISOString(), bucket));
        expect(readEventsIndex(index)).toEqual({ namespace, bucket });
      }),
    );
  });

  it('tells no bucket where there is none', () => {
    expect(readEventsIndex('kaudit-events-prod-undated')).toEqual({ namespace: 'prod', bucket: undefined });
    expect(readEventsIndex('kaudit-variants-prod')).toBeUndefined();
    expect(readEventsIndex('logs-2026.03')).toBeUndefined();
  });
});
