/** A real node, in a home of its own. The server comes from the cache, or is downloaded once. */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  type EmbeddedNode,
  removeEmbedded,
  runningEmbedded,
  startEmbedded,
  stopEmbedded,
} from '../../../src/elastic/embedded/index.ts';
import { readSettings } from '../../../src/shared/settings.ts';

const home = await mkdtemp(join(tmpdir(), 'kaudit-node-'));
const settings = readSettings({ ...process.env, KAUDIT_HOME: home, KAUDIT_ES_HEAP: '512m', KAUDIT_ES_PORT: '' });
const said: string[] = [];
const options = { settings, say: (line: string) => void said.push(line), progress: () => {} };

afterAll(async () => {
  await removeEmbedded(settings);
  await rm(home, { recursive: true, force: true });
});

async function ask({ url, username, password }: EmbeddedNode, method: string, path: string, body?: object) {
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const headers = { authorization, 'content-type': 'application/json' };
  const response = await fetch(url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  return { status: response.status, body: JSON.parse(await response.text()) };
}

async function matches(node: EmbeddedNode): Promise<unknown> {
  const query = { query: { kql: { query: 'verb: del* and not verb: delet' } } };
  const { status, body } = await ask(node, 'POST', '/events/_search?filter_path=hits.total.value', query);
  return status === 200 ? body.hits.total.value : status;
}

describe('a node', { timeout: 240_000 }, () => {
  let first: EmbeddedNode;

  it('does not run in an empty home', async () => {
    expect(await runningEmbedded(settings)).toBeUndefined();
    expect(await stopEmbedded(settings)).toBeUndefined();
  });

  it.each([
    ['KAUDIT_ES_HEAP', 'much', 'expected a size such as 512m or 2g'],
    ['KAUDIT_ES_JAVA_OPTS', '-Xss2m true', 'has "true" in it: options begin with "-"'],
  ])('is not started with %s="%s"', async (name, value, message) => {
    const wrong = readSettings({ ...process.env, KAUDIT_HOME: home, [name]: value });
    await expect(startEmbedded({ ...options, settings: wrong })).rejects.toThrow(message);
  });

  it('is started once for two who want it at the same time', async () => {
    const nodes = await Promise.all([startEmbedded(options), startEmbedded(options)]);
    [first] = nodes;
    expect(nodes[1]).toEqual(first);
    expect(said).toContain('Another kaudit is starting the same node; waiting for it …');
  });

  it('answers its user on loopback and nobody else', async () => {
    expect(first.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await ask(first, 'GET', '/_cluster/health')).body).toMatchObject({ number_of_nodes: 1 });
    expect((await ask({ ...first, password: 'guessed' }, 'GET', '/_cluster/health')).status).toBe(401);
    expect((await fetch(`${first.url}/_cluster/health`)).status).toBe(401);
  });

  it('runs KQL', async () => {
    expect((await ask(first, 'PUT', '/events/_doc/1?refresh=true', { verb: 'delete' })).status).toBe(201);
    expect(await matches(first)).toBe(1);
  });

  it('keeps its password where only its owner can read it', async () => {
    expect((await stat(join(home, 'node.json'))).mode & 0o077).toBe(0);
  });

  it('is found, quickly, and used again', async () => {
    const began = performance.now();
    expect(await runningEmbedded(settings)).toEqual(first);
    expect(performance.now() - began).toBeLessThan(1000);
    expect(await startEmbedded(options)).toEqual(first);
  });

  it('is not touched by another home, even one that remembers its number from another time', async () => {
    const other = await mkdtemp(join(tmpdir(), 'kaudit-other-'));
    onTestFinished(() => rm(other, { recursive: true, force: true }));
    const state = JSON.parse(await readFile(join(home, 'node.json'), 'utf8'));
    const process = { ...state.process, started: 'at another time' };
    await writeFile(join(other, 'node.json'), JSON.stringify({ ...state, process }));
    const theirs = readSettings({ KAUDIT_HOME: other, KAUDIT_CACHE: settings.cache });
    expect(await runningEmbedded(theirs)).toBeUndefined();
    expect(await stopEmbedded(theirs)).toBeUndefined();
    expect(await runningEmbedded(settings)).toEqual(first);
  });

  it('is not replaced by another version while it runs', async () => {
    const asked = first.version === '9.4.3' ? '9.5.3' : '9.4.3';
    const other = readSettings({ KAUDIT_HOME: home, KAUDIT_CACHE: settings.cache, KAUDIT_ES_VERSION: asked });
    await expect(startEmbedded({ ...options, settings: other })).rejects.toMatchObject({
      code: 'invalid-configuration',
      hint: expect.stringContaining('kaudit down'),
    });
  });

  it('stops, and comes back with its data, its port and its password', async () => {
    expect(await stopEmbedded(settings)).toEqual({ pid: first.pid });
    expect(await stopEmbedded(settings)).toBeUndefined();
    expect(await runningEmbedded(settings)).toBeUndefined();
    const again = await startEmbedded(options);
    expect(again).toEqual({ ...first, pid: again.pid });
    expect(again.pid).not.toBe(first.pid);
    expect(await matches(again)).toBe(1);
  });

  it('starts empty when asked to, with the same password', async () => {
    const fresh = await startEmbedded({ ...options, fresh: true });
    expect(fresh).toEqual({ ...first, pid: fresh.pid });
    expect(await matches(fresh)).toBe(404);
  });

  it('is stopped when its start is interrupted, and can be started again', async () => {
    await stopEmbedded(settings);
    const interrupt = new AbortController();
    const progress = (text: string): void => {
      if (text.startsWith('Elasticsearch is starting')) interrupt.abort();
    };
    const start = startEmbedded({ ...options, progress, signal: interrupt.signal });
    await expect(start).rejects.toMatchObject({ code: 'interrupted' });
    expect(await stopEmbedded(settings)).toBeUndefined();
  });
});
