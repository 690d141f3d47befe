import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holdMostAddresses } from '../../../src/audit/facts/cidrs.ts';

describe('most addresses', () => {
  it.each([
    ['0.0.0.0/0'],
    ['000.0.0.0/00'],
    ['203.0.113.7/0'],
    ['0.0.0.0/1', '128.0.0.0/1'],
    ['128.0.0.0/1', '10.0.0.0/8', '0.0.0.0/1'],
    ['0.0.0.0/1', '128.0.0.0/2', '192.0.0.0/3'],
    ['::/0'],
    ['::/00'],
    ['0:0:0:0:0:0:0.0.0.0/0'],
    ['2000::/3'],
    ['2000::/4', '3000::/4'],
  ])('are %s', (...cidrs) => {
    expect(holdMostAddresses(cidrs)).toBe(true);
  });

  it.each([
    [],
    ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'],
    ['0.0.0.0/1'],
    ['0.0.0.0/1', '0.0.0.0/2', '64.0.0.0/2'],
    ['fc00::/7', '2001:db8::/32', '::ffff:1.2.3.4/128'],
    ['1.2.3/0', '256.0.0.0/0', '::1::/0', '0.0.0.0/33', '::/129', '0.0.0.0', '/0', 'x/0'],
    ['8000::/1'],
  ])('are not %s', (...cidrs) => {
    expect(holdMostAddresses(cidrs)).toBe(false);
  });

  it('are the same however they are divided and ordered', () => {
    const halves = fc.tuple(fc.integer({ min: 2, max: 8 }), fc.boolean());
    fc.assert(
      fc.property(halves, fc.infiniteStream(fc.nat()), ([length, whole], order) => {
        const parts = Array.from({ length: 2 ** length }, (_, at) => `${at * 2 ** (8 - length)}.0.0.0/${length}`);
        const some = whole ? parts : parts.slice(parts.length / 2);
        const ranked = some.map((part) => ({ part, rank: order.next().value as number }));
        const shuffled = ranked.sort((a, b) => a.rank - b.rank).map(({ part }) => part);
        expect(holdMostAddresses(shuffled)).toBe(whole);
      }),
    );
  });

  it('are counted of values of any type', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.anything(), fc.stringMatching(/^[\d.:a-f]{0,20}\/\d{0,4}$/))), (cidrs) => {
        expect(typeof holdMostAddresses(cidrs)).toBe('boolean');
      }),
    );
  });
});
