/** Several loaders at once, and loaders that die, as a user sees them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventsAlias, eventsIndex } from '../../src/audit/indices.ts';
import { type Cluster, restoreStale } from '../../src/elastic/index.ts';
import { kaudit } from '../support/cli.ts';
import { countEvents, freshNamespace, removeNamespace, testCluster } from '../support/cluster.ts';
import { rawEvent } from '../support/events.ts';
import { fieldOf } from '../support/field.ts';

const folder = mkdtempSync(join(tmpdir(), 'kaudit-loaders-'));
let cluster: Cluster;
let namespace: string;

beforeAll(async () => {
  cluster = await testCluster();
});
beforeEach(() => {
  namespace = freshNamespace();
});
afterEach(() => removeNamespace(cluster, namespace));
afterAll(() => rmSync(folder, { recursive: true }));

const EVENTS = 4000;
const DAYS = 3;

/** Events of three days, each with a user agent long enough to make more than one bulk request. */
const events = Array.from({ length: EVENTS }, (_, at) => {
  const time = `2026-0${1 + (at % DAYS)}-02T09:41:07.${String(at).padStart(6, '0')}Z`;
  const changes = { auditID: `event-${at}`, userAgent: 'x'.repeat(1000) };
  return JSON.stringify(rawEvent({ ...changes, requestReceivedTimestamp: time, stageTimestamp: time }));
});

/** Another order each: a walk in steps that share no divisor with the number of events. */
function shuffled(lines: readonly string[], step: number): readonly string[] {
  return lines.map((_, at) => lines[(at * step) % lines.length] ?? '');
}

function file(name: string, lines: readonly string[]): string {
  const path = join(folder, name);
  writeFileSync(path, lines.join('\n'));
  return path;
}

async function indices(): Promise<readonly string[]> {
  return Object.keys((await cluster.ask('GET', `/${eventsIndex(namespace, '*')}/_settings`)) as object).sort();
}

async function settingOf(index: string, setting: string): Promise<unknown> {
  return fieldOf(await cluster.ask('GET', `/${index}/_settings`), index, 'settings', 'index', setting);
}

describe('four loaders at once over archives that overlap', () => {
  it('store each event once, account for every line, and leave nothing tuned', async () => {
    // Each has three quarters of the events: every event is in three archives.
    const archives = [7, 11, 13, 17].map((step, part) => {
      const own = events.filter((_, at) => at % 4 !== part);
      return file(`archive-${part}.log`, shuffled(own, step));
    });
    const loads = await Promise.all(
      archives.map((path) => kaudit(['load', path, '--cluster', 'prod', '--namespace', namespace, '--json'])),
    );
    expect(loads.map(({ code, err }) => [code, code === 0 ? '' : err])).toEqual(archives.map(() => [0, '']));
    const reports = loads.map((load) => load.json());
    const sum = (fate: string): number =>
      reports.reduce<number>((all, report) => all + Number(fieldOf(report, fate)), 0);
    expect(sum('created')).toBe(EVENTS);
    expect(sum('duplicate')).toBe(2 * EVENTS);
    expect(sum('read')).toBe(3 * EVENTS);
    expect(await countEvents(cluster, namespace)).toBe(EVENTS);
    const answer = await cluster.ask('POST', `/${eventsAlias(namespace)}/_search`, {
      size: 0,
      aggs: { ids: { cardinality: { field: 'auditID', precision_threshold: 40_000 } } },
    });
    expect(fieldOf(answer, 'aggregations', 'ids', 'value')).toBe(EVENTS);
    expect(await indices()).toHaveLength(DAYS + 1);
    for (const index of await indices()) {
      expect([index, await settingOf(index, 'refresh_interval')]).toEqual([index, undefined]);
      expect([index, await settingOf(index, 'auto_expand_replicas')]).toEqual([index, '0-1']);
    }
  });
});

describe('kaudit load --bucket', () => {
  const first = (options: readonly string[]) =>
    kaudit(['load', file('few.log', events.slice(0, 6)), '--namespace', namespace, ...options]);

  it('is decided by the first load, and kept', async () => {
    expect((await first(['--bucket', 'day', '--primary-shards', '2'])).code).toBe(0);
    const again = await first([]);
    expect(again.out).toMatch(/6 duplicate\b/);
    const days = ['2026.01.02', '2026.02.02', '2026.03.02'].map((day) => eventsIndex(namespace, day));
    expect(await indices()).toEqual([...days, eventsIndex(namespace, 'undated')]);
    expect(await settingOf(days[0] ?? '', 'number_of_shards')).toBe('2');
    const other = await first(['--bucket', 'month']);
    expect(other.code).toBe(2);
    expect(other.err).toContain('has an index a day');
    expect(await indices()).toHaveLength(4);
  });

  it.each([
    ['--primary-shards', '0'],
    ['--primary-shards', '1.5'],
    ['--primary-shards', 'many'],
    ['--bucket', 'week'],
  ])('refuses %s %s', async (...options) => {
    expect((await first(options)).code).toBe(2);
  });
});

describe('kaudit load --shard', () => {
  it('divides a folder among loaders that know nothing of each other', async () => {
    const logs = join(folder, 'shared');
    mkdirSync(logs);
    for (let part = 0; part < 7; part += 1) {
      writeFileSync(join(logs, `${part}.log`), events.slice(part * 300, part * 300 + 30 * (part + 1)).join('\n'));
    }
    const load = ['load', logs, join(folder, 'none.log'), '--namespace', namespace, '--json', '--shard'];
    const shares = await Promise.all([
      kaudit([...load, '1/3']),
      kaudit([...load, '2/3']),
      kaudit([...load, 'job/3'], { env: { JOB_COMPLETION_INDEX: '2' } }),
    ]);
    const files = shares.flatMap((share) => fieldOf(share.json(), 'files') as readonly object[]);
    expect(files.map((file) => String(fieldOf(file, 'file'))).sort()).toEqual(
      [...[0, 1, 2, 3, 4, 5, 6].map((part) => join(logs, `${part}.log`)), join(folder, 'none.log')].sort(),
    );
    // What is not there is told by one of them.
    expect(shares.map(({ code }) => code).sort()).toEqual([0, 0, 3]);
    expect(await countEvents(cluster, namespace)).toBe(30 * (1 + 2 + 3 + 4 + 5 + 6 + 7));
  });

  it('is done at once where a share is empty, and says so', async () => {
    const path = file('alone.log', events.slice(0, 2));
    const alone = (share: string) => kaudit(['load', path, '--namespace', namespace, '--shard', share]);
    const shares = await Promise.all([alone('1/2'), alone('2/2')]);
    expect(shares.map(({ code }) => code)).toEqual([0, 0]);
    expect(
      shares.filter(({ err }) => /Of 1 files none is of shard [12]\/2: there is nothing to do\./.test(err)),
    ).toHaveLength(1);
  });

  it('refuses what only one can read, and a share that is none', async () => {
    const stdin = await kaudit(['load', '-', '--namespace', namespace, '--shard', '1/2'], { input: events[0] ?? '' });
    expect([stdin.code, stdin.err]).toEqual([2, expect.stringContaining('cannot be shared')]);
    const third = await kaudit(['load', folder, '--namespace', namespace, '--shard', '3/2']);
    expect([third.code, third.err]).toEqual([2, expect.stringContaining('--shard is 3/2')]);
  });
});

describe('kaudit load --tune', () => {
  it('shows what a load that was killed has stored, also when the next one has nothing new', async () => {
    const load = ['load', file('killed.log', events.slice(0, 20)), '--namespace', namespace, '--no-resume', '--json'];
    await kaudit(load, { env: { KAUDIT_TEST_CRASH: 'before-report' } });
    const next = await kaudit(load);
    expect(next.json()).toMatchObject({ created: 0, duplicate: 20 });
    expect(await countEvents(cluster, namespace)).toBe(20);
  });

  it('says that it tunes and that it restored', async () => {
    const path = file('tuned.log', events.slice(0, 3));
    const { err } = await kaudit(['load', path, '--namespace', namespace]);
    expect(err).toContain('While loading: no refresh, no replicas.');
    const untuned = await kaudit(['load', path, '--namespace', namespace, '--no-tune']);
    expect(untuned.err).not.toContain('While loading');
  });

  it.each(['SIGINT', 'SIGKILL'] as const)(
    'leaves nothing tuned after %s, at the latest after setup',
    async (signal) => {
      const index = eventsIndex(namespace, '2026.01');
      // Long enough to be at work when the signal comes.
      const time = '2026-01-02T00:00:00Z';
      const line = JSON.stringify(rawEvent({ requestReceivedTimestamp: time, stageTimestamp: time }));
      const path = file('long.log', new Array<string>(40_000).fill(line));
      await kaudit(['load', path, '--namespace', namespace], {
        during: async (kill) => {
          while ((await cluster.send({ method: 'HEAD', path: `/${index}` })).status !== 200) await pause();
          expect(await settingOf(index, 'refresh_interval')).toBe('-1');
          kill(signal);
        },
      });
      if (signal === 'SIGKILL') {
        expect(await settingOf(index, 'refresh_interval')).toBe('-1');
        await restoreStale(cluster, namespace, () => Date.now() + 3_600_000);
      }
      expect(await settingOf(index, 'refresh_interval')).toBeUndefined();
    },
  );
});

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));
