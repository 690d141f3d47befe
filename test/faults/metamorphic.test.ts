/** What must not matter: order, how often, which files, packing. On the real server, with whole loads. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cluster } from '../../src/elastic/index.ts';
import { freshNamespace, loadInto, removeNamespace, testCluster } from '../support/cluster.ts';
import { times } from '../support/long.ts';
import { eventLines, expectExactly, realTarget } from '../support/oracle.ts';

const LINES = eventLines(60, 13);
const folder = mkdtempSync(join(tmpdir(), 'kaudit-metamorphic-'));

let cluster: Cluster;
beforeAll(async () => {
  cluster = await testCluster();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A part of a log as a file: its last newline may be missing, and it may be gzip in one member or several. */
interface Part {
  readonly lines: readonly string[];
  readonly packing: 'plain' | 'gzip' | 'members';
  readonly newline: boolean;
}

function bytesOf({ lines, packing, newline }: Part): Buffer {
  const text = (some: readonly string[], last: boolean): string => some.join('\n') + (last ? '\n' : '');
  if (packing === 'plain') return Buffer.from(text(lines, newline));
  if (packing === 'gzip') return gzipSync(text(lines, newline));
  const middle = Math.floor(lines.length / 2);
  const members = [text(lines.slice(0, middle), middle > 0), text(lines.slice(middle), newline)];
  return Buffer.concat(members.map((member) => gzipSync(member)));
}

/** A log in some order, cut at some newlines into files, some of them packed; some files are there twice. */
const arrangements = fc
  .record({
    order: fc.shuffledSubarray([...LINES], { minLength: LINES.length }),
    cuts: fc.uniqueArray(fc.integer({ min: 1, max: LINES.length - 1 }), { maxLength: 4 }),
    packings: fc.array(fc.constantFrom('plain' as const, 'gzip' as const, 'members' as const), {
      minLength: 5,
      maxLength: 5,
    }),
    newline: fc.boolean(),
    again: fc.integer({ min: 0, max: 4 }),
  })
  .map(({ order, cuts, packings, newline, again }) => {
    const ends = [...cuts.toSorted((a, b) => a - b), order.length];
    const parts = ends.map(
      (end, at): Part => ({
        lines: order.slice(ends[at - 1] ?? 0, end),
        packing: packings[at] ?? 'plain',
        newline,
      }),
    );
    return { parts, again: parts[again % parts.length] };
  });

describe('the index', () => {
  it(
    'is the same for any order, any cut into files, any packing, and however often a part is loaded',
    async () => {
      let run = 0;
      const property = fc.asyncProperty(arrangements, async ({ parts, again }) => {
        const namespace = freshNamespace();
        run += 1;
        const below = join(folder, String(run));
        mkdirSync(below);
        const all = again === undefined ? parts : [...parts, again];
        for (const [at, part] of all.entries()) writeFileSync(join(below, `${at}.log`), bytesOf(part));
        try {
          const first = await loadInto(cluster, namespace, [below]);
          expect(first.report).toMatchObject({ created: LINES.length, variant: 0, quarantined: 0, balanced: true });
          const second = await loadInto(cluster, namespace, [below]);
          expect(second.report).toMatchObject({ created: 0, variant: 0, quarantined: 0, balanced: true });
          await expectExactly(realTarget(), namespace, LINES);
        } finally {
          await removeNamespace(cluster, namespace);
        }
      });
      await fc.assert(property, { numRuns: times(4, 100) });
    },
    times(120_000, 3_600_000),
  );
});
