import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Cluster } from '../../src/elastic/index.ts';
import { openQuarantine } from '../../src/load/quarantine.ts';
import { kaudit } from '../support/cli.ts';
import { countEvents, freshNamespace, removeNamespace, testCluster } from '../support/cluster.ts';
import { rawEvent } from '../support/events.ts';

const home = mkdtempSync(join(tmpdir(), 'kaudit-replay-cli-'));
const quarantine = join(home, 'quarantine');
const env = { KAUDIT_HOME: home };
const namespaces: string[] = [];
let cluster: Cluster;

beforeAll(async () => {
  cluster = await testCluster();
});
afterAll(async () => {
  rmSync(home, { recursive: true });
  for (const namespace of namespaces) await removeNamespace(cluster, namespace);
});

const newNamespace = (): string => {
  const namespace = freshNamespace();
  namespaces.push(namespace);
  return namespace;
};
const event = (auditID: string): string => JSON.stringify(rawEvent({ auditID }));

describe('kaudit replay', () => {
  it('has nothing to do where nothing is in quarantine', async () => {
    const { code, out } = await kaudit(['replay'], { env: { KAUDIT_HOME: join(home, 'none') } });
    expect([code, out]).toEqual([0, 'Nothing is in quarantine.\n']);
  });

  it('exits with 3 while something remains and with 0 once all is closed, however often', async () => {
    const namespace = newNamespace();
    const index = `/kaudit-events-${namespace}-2026.03`;
    const path = join(home, 'audit.log');
    writeFileSync(path, `${event('a')}\n${event('b')}\n`);
    await kaudit(['setup']);
    await cluster.ask('PUT', index, {
      mappings: { properties: { level: { type: 'date', ignore_malformed: false } } },
    });
    const load = await kaudit(['load', path, '--namespace', namespace, '--cluster', 'prod'], { env });
    expect(load.code).toBe(3);
    const [file = ''] = readdirSync(quarantine).map((name) => join(quarantine, name));

    const listed = await kaudit(['replay', '--list'], { env });
    expect([listed.code, listed.out]).toEqual([0, expect.stringContaining('2 refused-by-server: document_pars')]);
    expect(listed.out).toContain('2 entries');
    // Loaded again, it opens nothing again.
    expect((await kaudit(['load', path, '--namespace', namespace, '--cluster', 'prod'], { env })).out).toContain(file);
    expect(readdirSync(quarantine)).toHaveLength(1);

    const refused = await kaudit(['replay'], { env });
    expect(refused.code).toBe(3);
    expect(refused.out).toContain('2 refused-by-server: document_parsing_exception');
    await cluster.ask('DELETE', index);
    const fixed = await kaudit(['replay', '--json'], { env });
    expect(fixed.code).toBe(0);
    expect(fixed.json()).toEqual({
      closed: 2,
      remaining: 0,
      files: [{ file, open: 2, closed: 2, remaining: 0, damaged: 0, namespaces: [namespace], reasons: [] }],
    });
    expect(await countEvents(cluster, namespace)).toBe(2);
    const again = await kaudit(['replay', file], { env });
    expect([again.code, again.out]).toEqual([0, 'Nothing is in quarantine.\n']);
    expect(readdirSync(quarantine)).toHaveLength(1);
  });

  it('says which file cannot be read', async () => {
    const { code, err } = await kaudit(['replay', join(home, 'none.jsonl')], { env });
    expect(code).toBe(2);
    expect(err).toContain('none.jsonl cannot be read: no such file or folder');
  });

  it('closes and stores every entry once when it is killed and run again', async () => {
    const namespace = newNamespace();
    const writer = openQuarantine(join(home, 'many'), 'run', { cluster: 'prod', namespace });
    const events = 12_000;
    for (let at = 0; at < events; at += 1) {
      await writer.add({
        text: event(`${at}`),
        range: undefined,
        origin: { file: '-', offset: at, format: 'Event (streamed)' },
        reason: 'refused-by-server',
        detail: 'some_exception',
      });
    }
    await writer.close();
    const path = writer.file() ?? '';
    const size = statSync(path).size;
    const killed = await kaudit(['replay', path], {
      during: async (kill) => {
        while (existsSync(path) && statSync(path).size === size) await delay(5);
        kill('SIGKILL');
      },
    });
    expect(killed.code).toBe(null);
    const { code, json } = await kaudit(['replay', path, '--json']);
    expect(code).toBe(0);
    expect(json()).toMatchObject({ remaining: 0, closed: expect.any(Number) });
    expect(await countEvents(cluster, namespace)).toBe(events);
    expect(
      readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line.includes('"sha256"')),
    ).toHaveLength(events);
  });
});
