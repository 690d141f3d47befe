import { BlockList, isIP } from 'node:net';
import type { AddressScope, SourceFacts } from './request-types.ts';

/** https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry. */
const LOOPBACK = listOf(['127.0.0.0', 8], ['::1', 128]);
const LINK_LOCAL = listOf(['169.254.0.0', 16], ['fe80::', 10]);
// 100.64/10 is shared between carriers; clouds give it to nodes and pods.
const PRIVATE = listOf(['10.0.0.0', 8], ['172.16.0.0', 12], ['192.168.0.0', 16], ['100.64.0.0', 10], ['fc00::', 7]);

function listOf(...subnets: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [net, prefix] of subnets) list.addSubnet(net, prefix, familyOf(net));
  return list;
}

function familyOf(ip: string): 'ipv4' | 'ipv6' {
  return isIP(ip) === 6 ? 'ipv6' : 'ipv4';
}

/** The scope of an address; undefined for what is none. */
export function scopeOf(ip: string): AddressScope | undefined {
  if (isIP(ip) === 0) return undefined;
  const family = familyOf(ip);
  if (LOOPBACK.check(ip, family)) return 'loopback';
  if (LINK_LOCAL.check(ip, family)) return 'link-local';
  return PRIVATE.check(ip, family) ? 'private' : 'public';
}

/** The last address is the peer that the API server saw; those before it are what headers of the client say. */
export function sourceFacts(sourceIPs: readonly string[]): SourceFacts | undefined {
  const ip = sourceIPs.at(-1);
  const scope = ip === undefined ? undefined : scopeOf(ip);
  if (ip === undefined || scope === undefined) return undefined;
  if (sourceIPs.length === 1) return { ip, scope };
  const claims = sourceIPs.slice(0, -1);
  const scopes = new Set(claims.map(scopeOf).filter((claimed) => claimed !== undefined));
  return {
    ip,
    scope,
    claims: claims.length,
    ...(scopes.size > 0 && { claimed_scopes: [...scopes] }),
    ...(claims.some((claim) => claim !== ip) && { claims_differ: true }),
  };
}
