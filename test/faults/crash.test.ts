/** Processes that end at any moment: K1 and K2 of the fault matrix. Whatever was lost of one is mended by the next. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pLimit from 'p-limit';
import { describe, expect, it } from 'vitest';
import type { CrashPoint } from '../../src/shared/crash-point.ts';
import { type Random, seededRandom } from '../../src/simulate/random.ts';
import { freshNamespace } from '../support/cluster.ts';
import {
  type BulkFault,
  type BulkRequest,
  type FakeElasticsearch,
  fakeElasticsearch,
} from '../support/fake-elasticsearch.ts';
import { times } from '../support/long.ts';
import {
  eventLines,
  expectExactly,
  expectFreshEventPasses,
  fakeTarget,
  ledgerOf,
  type Target,
} from '../support/oracle.ts';
import { startLoad } from '../support/running-load.ts';

const NAMESPACE = freshNamespace();
/** The points, and how often a log of ours comes by each of them at least. */
const MOST: Readonly<Record<CrashPoint, number>> = {
  'after-read': 1,
  'before-send': 20,
  'after-answer': 20,
  'before-quarantine-write': 2,
  'after-quarantine-write': 2,
  'before-quarantine-sync': 1,
  'after-quarantine-sync': 1,
  'before-checkpoint-rename': 1,
  'after-checkpoint-rename': 1,
  'before-report': 1,
};
const POINTS = Object.keys(MOST) as readonly CrashPoint[];
/** Small requests, so that a small log takes many and there is something between two of them. */
const LARGEST_REQUEST = 8000;

/** What a run has in common: a log, a home that its processes share, a server. */
interface World {
  readonly fake: FakeElasticsearch;
  readonly target: Target;
  readonly lines: readonly string[];
  readonly broken: number;
  readonly path: string;
  readonly home: string;
  readonly remove: () => Promise<void>;
}

async function newWorld(events: number, seed: number): Promise<World> {
  const fake = await fakeElasticsearch();
  const home = mkdtempSync(join(tmpdir(), 'kaudit-crash-'));
  const path = join(home, 'audit.log');
  const lines = eventLines(events, seed);
  const broken = ['{"kind":"Event","auditID":"half', 'no JSON at all'];
  writeFileSync(path, [...lines.slice(0, 10), broken[0], ...lines.slice(10), broken[1]].join('\n'));
  return {
    fake,
    target: fakeTarget(fake),
    lines,
    broken: broken.length,
    path,
    home,
    remove: async () => {
      await fake.close();
      rmSync(home, { recursive: true });
    },
  };
}

const start = ({ target, path, home }: World, env: Readonly<Record<string, string>> = {}) =>
  startLoad(target, NAMESPACE, { paths: [path], home, env });

/** The last process of a run has an end like any other, and nothing is missing in the index or in the quarantine. */
async function expectExactEnd(world: World): Promise<void> {
  const ran = await start(world).end();
  expect(ran.code, ran.err).toBe(3);
  ledgerOf(ran);
  await expectExactly(world.target, NAMESPACE, world.lines);
  const folder = join(world.home, 'quarantine');
  const entries = readdirSync(folder).flatMap((name) => readFileSync(join(folder, name), 'utf8').trimEnd().split('\n'));
  // Half an entry is the end of a process that was killed while it wrote; the next has written it again.
  const whole = entries.filter((entry) => entry.endsWith('}')).map((entry) => JSON.parse(entry) as { offset: number });
  expect(new Set(whole.map(({ offset }) => offset)).size).toBe(world.broken);
}

/** Requests that are too large are refused, and now and then one is stored whose answer is lost. */
function unsteady(random: Random): (request: BulkRequest) => BulkFault | undefined {
  return ({ body }) => {
    if (body.length > LARGEST_REQUEST) return { kind: 'answer', status: 413 };
    return random.int(1, 40) === 1 ? { kind: 'drop', when: 'after' } : undefined;
  };
}

/** One run: a process that ends at a point, then one that does not. Answers whether the point was reached. */
async function crashOnce(seed: number): Promise<{ point: CrashPoint; crashed: boolean }> {
  const random = seededRandom(seed);
  const world = await newWorld(60, seed);
  try {
    const point = POINTS[seed % POINTS.length] ?? 'after-read';
    const nth = random.int(1, MOST[point]);
    const faults = unsteady(random);
    // How far it is, a load remembers once a second.
    const slow = point.endsWith('checkpoint-rename') ? ({ kind: 'delay', ms: 100 } as const) : undefined;
    world.fake.spoil = (request) => faults(request) ?? slow;
    const ran = await start(world, { KAUDIT_TEST_CRASH: `${point}:${nth}` }).end();
    await expectExactEnd(world);
    return { point, crashed: ran.signal === 'SIGKILL' };
  } catch (error) {
    throw new Error(`seed ${seed}`, { cause: error });
  } finally {
    await world.remove();
  }
}

describe('K1: a process that is killed at a point', () => {
  it('costs nothing, wherever it was', { timeout: times(300_000, 7_200_000) }, async () => {
    const limit = pLimit(2);
    const runs = Array.from({ length: times(18, 1000) }, (_, seed) => limit(() => crashOnce(seed)));
    const ends = await Promise.all(runs);
    const reached = new Set(ends.filter(({ crashed }) => crashed).map(({ point }) => point));
    expect([...reached].sort()).toEqual([...POINTS].sort());
  });
});

describe('K2: a process that is killed again and again', () => {
  it.each(Array.from({ length: times(1, 30) }, (_, seed) => [seed]))(
    'ends exactly some day: seed %i',
    async (seed) => {
      const random = seededRandom(seed);
      const world = await newWorld(300, seed);
      const faults = unsteady(random);
      world.fake.spoil = (request) => faults(request) ?? { kind: 'delay', ms: 40 };
      let killed = 0;
      for (let starts = 0; starts < times(2, 8); starts += 1) {
        const before = world.fake.requests.length;
        const running = start(world);
        const ended = running.end();
        while (world.fake.requests.length === before) await delay(10);
        await delay(random.int(50, 500));
        running.kill('SIGKILL');
        if ((await ended).signal === 'SIGKILL') killed += 1;
      }
      expect(killed).toBeGreaterThan(0);
      world.fake.spoil = faults;
      await expectExactEnd(world);
      await expectFreshEventPasses(world.target, NAMESPACE);
      await world.remove();
    },
    300_000,
  );
});
