/** A load that threads help with, as a user sees it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import { EXIT } from '../../src/shared/errors.ts';
import { simulate } from '../../src/simulate/index.ts';
import { kaudit } from '../support/cli.ts';
import { countEvents, freshNamespace, removeNamespace, testCluster } from '../support/cluster.ts';
import { realTarget } from '../support/oracle.ts';
import { startLoad } from '../support/running-load.ts';

const folder = mkdtempSync(join(tmpdir(), 'kaudit-threads-'));
/** Some blocks for each of the threads, and some batches. */
const EVENTS = 4000;
const log = join(folder, 'audit.log');

let namespace: string;

beforeAll(() => {
  const { chunks } = simulate({
    events: EVENTS,
    seed: 3,
    level: 'mixed',
    start: Date.UTC(2026, 2, 2),
    hours: 24,
    attacks: [],
  });
  writeFileSync(log, `${[...chunks].join('')}no event\n`);
});
beforeEach(async () => {
  namespace = freshNamespace();
  const cluster = await testCluster();
  onTestFinished(() => removeNamespace(cluster, namespace));
});
afterAll(() => rmSync(folder, { recursive: true }));

const load = async (threads: number, more: readonly string[] = [], env: Readonly<Record<string, string>> = {}) =>
  await kaudit(['load', log, '--namespace', namespace, '--threads', String(threads), '--json', ...more], { env });

it.each([
  [2, 0],
  [0, 2],
])('stores with %i threads what is the same to a load with %i', async (first, second) => {
  const loaded = await load(first);
  expect(loaded.code).toBe(EXIT.partial);
  expect(loaded.err).not.toContain('broken down');
  expect(loaded.json()).toMatchObject({ read: EVENTS + 1, created: EVENTS, quarantined: 1, balanced: true });
  const again = await load(second, ['--no-resume']);
  expect(again.json()).toMatchObject({ created: 0, duplicate: EVENTS, variant: 0, quarantined: 1 });
  expect(await countEvents(await testCluster(), namespace)).toBe(EVENTS);
});

it.each(['after-read:5', 'after-answer:2'])('goes on exactly when it was killed %s', async (point) => {
  const env = { KAUDIT_HOME: mkdtempSync(join(folder, 'home-')) };
  const killed = await load(2, [], { ...env, KAUDIT_TEST_CRASH: point });
  expect(killed.code).toBeNull();
  const ended = await load(2, [], env);
  expect(ended.json()).toMatchObject({ read: EVENTS + 1, variant: 0, quarantined: 1, balanced: true });
  expect(await countEvents(await testCluster(), namespace)).toBe(EVENTS);
});

it('delivers at once what a stream has given, which may be silent for long, also when it is interrupted', async () => {
  const running = startLoad(realTarget(), namespace, { flags: ['--threads', '2', '--verbose'] });
  await running.feed(readFileSync(log, 'utf8').split('\n').slice(0, 500));
  await running.says(/Loading/);
  await setTimeout(1000);
  running.kill('SIGINT');
  const ended = await running.ended;
  expect(ended.code).toBe(EXIT.interrupted);
  expect(ended.json()).toMatchObject({ read: 500, created: 500 });
});

it.each(['-1', '65', '1.5', 'many'])('takes no %s threads', async (threads) => {
  const { code, err } = await kaudit(['load', log, '--namespace', namespace, `--threads=${threads}`]);
  expect(code).toBe(EXIT.usage);
  expect(err).toContain('--threads');
});
