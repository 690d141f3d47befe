/** How much of all addresses CIDRs hold together, in whatever spelling and however they are divided. */
import { isIP } from 'node:net';

interface Span {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
}

/** Addresses that are somebody's: of IPv6 those that IANA hands out (https://www.iana.org/assignments/ipv6-unicast-address-assignments). */
const SPACES: readonly Span[] = [
  { family: 4, first: 0n, last: (1n << 32n) - 1n },
  { family: 6, first: 1n << 125n, last: (1n << 126n) - 1n },
];

/** Whether it is more than half of the addresses of a family: to leave out a few makes no bounds. */
export function holdMostAddresses(cidrs: readonly unknown[]): boolean {
  const spans = cidrs.map(spanOf).filter((span) => span !== undefined);
  return SPACES.some((space) => 2n * heldOf(space, spans) > space.last - space.first + 1n);
}

/** How many addresses of a space are in some span. */
function heldOf({ family, first, last }: Span, spans: readonly Span[]): bigint {
  const ordered = spans.filter((span) => span.family === family).sort((a, b) => (a.first < b.first ? -1 : 1));
  let held = 0n;
  let next = first;
  for (const span of ordered) {
    if (span.last < next || span.first > last) continue;
    if (span.first > next) next = span.first;
    const end = (span.last < last ? span.last : last) + 1n;
    held += end - next;
    next = end;
  }
  return held;
}

function spanOf(cidr: unknown): Span | undefined {
  const [, address = '', length = ''] =
    (typeof cidr === 'string' && /^([\d.a-f:]{2,45})\/(\d{1,9})$/i.exec(cidr)) || [];
  const family = address.includes(':') ? 6 : 4;
  const number = family === 6 ? numberOf6(address) : numberOf4(address);
  const below = BigInt((family === 6 ? 128 : 32) - Number(length));
  if (number === undefined || below < 0n) return undefined;
  const first = (number >> below) << below;
  return { family, first, last: first + (1n << below) - 1n };
}

/** Kubernetes takes leading zeros of an octet, which is decimal all the same (k8s.io/utils/net, ParseCIDRSloppy). */
function numberOf4(address: string): bigint | undefined {
  const octets = address.split('.').map(Number);
  return isIP(octets.join('.')) === 4 ? joined(octets, 8n) : undefined;
}

function numberOf6(address: string): bigint | undefined {
  if (isIP(address) !== 6) return undefined;
  const [head = [], tail = []] = address.split('::').map(groupsOf);
  const between = Array.from({ length: 8 - head.length - tail.length }, () => 0);
  return joined([...head, ...between, ...tail], 16n);
}

/** An address of IPv4 at the end stands for two groups. */
function groupsOf(text: string): readonly number[] {
  const groups = text.split(':').filter((group) => group !== '');
  return groups.flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const number = Number(numberOf4(group) ?? 0n);
    return [number >>> 16, number & 0xffff];
  });
}

function joined(parts: readonly number[], bits: bigint): bigint {
  return parts.reduce((number, part) => (number << bits) | BigInt(part), 0n);
}
