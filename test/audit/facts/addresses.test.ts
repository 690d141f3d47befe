import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scopeOf, sourceFacts } from '../../../src/audit/facts/addresses.ts';

describe('the scope of an address', () => {
  it.each([
    ['127.0.0.1', 'loopback'],
    ['::1', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['169.254.169.254', 'link-local'],
    ['fe80::1', 'link-local'],
    ['10.1.2.3', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.0.1', 'private'],
    ['100.64.0.1', 'private'],
    ['fd00::1', 'private'],
    ['172.32.0.1', 'public'],
    ['11.0.0.1', 'public'],
    ['203.0.113.9', 'public'],
    ['2001:db8::1', 'public'],
    ['bogus', undefined],
    ['10.0.0.1/8', undefined],
    ['', undefined],
  ])('of %s is %s', (ip, scope) => {
    expect(scopeOf(ip)).toBe(scope);
  });

  it('is one of any address', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (ip) => {
        expect(scopeOf(ip)).toMatch(/^(loopback|link-local|private|public)$/);
      }),
    );
  });
});

describe('the source of a request', () => {
  it('is the last address, and says what was claimed before it', () => {
    expect(sourceFacts(['203.0.113.9'])).toEqual({ ip: '203.0.113.9', scope: 'public' });
    expect(sourceFacts(['127.0.0.1', '10.0.0.1', 'bogus', '203.0.113.9'])).toEqual({
      ip: '203.0.113.9',
      scope: 'public',
      claims: 3,
      claimed_scopes: ['loopback', 'private'],
      claims_differ: true,
    });
  });

  it('does not call a proxy that repeats its peer a difference', () => {
    expect(sourceFacts(['10.0.0.1', '10.0.0.1'])).toEqual({
      ip: '10.0.0.1',
      scope: 'private',
      claims: 1,
      claimed_scopes: ['private'],
    });
  });

  it('is unknown where the last is no address', () => {
    expect(sourceFacts(['10.0.0.1', 'bogus'])).toBeUndefined();
    expect(sourceFacts([])).toBeUndefined();
  });
});
