/**
 * The Elasticsearch that integration tests talk to: ELASTICSEARCH_URL where it is set, else a container where Docker
 * answers, else the embedded node in a home of its own. KAUDIT_ES=embedded|docker forces one.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { removeEmbedded, startEmbedded } from '../../src/elastic/index.ts';
import { readSettings } from '../../src/shared/settings.ts';
import { startContainer } from './container.ts';

export interface TestElasticsearch {
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    elasticsearch: TestElasticsearch;
  }
}

type Stop = () => Promise<void>;

export default async function setup(project: TestProject): Promise<Stop> {
  const sweep = await useOwnTemporaryFolder();
  // A node of a test ends before the JVM's second compiler has paid off, and that takes half of what its start takes.
  process.env['KAUDIT_ES_JAVA_OPTS'] ??= '-XX:TieredStopAtLevel=1';
  const { server, stop } = await start();
  project.provide('elasticsearch', server);
  return async () => {
    await stop();
    await sweep();
  };
}

/** Tests leave files behind, and what they start leaves more: all of it in one folder, which goes at the end. */
async function useOwnTemporaryFolder(): Promise<Stop> {
  const folder = await mkdtemp(join(tmpdir(), 'kaudit-tests-'));
  // The user that an embedded node runs as, where we are root, must reach what is below.
  await chmod(folder, 0o755);
  process.env['TMPDIR'] = folder;
  return () => rm(folder, { recursive: true, force: true });
}

async function start(): Promise<{ server: TestElasticsearch; stop: Stop }> {
  const { ELASTICSEARCH_URL, ELASTICSEARCH_USERNAME, ELASTICSEARCH_PASSWORD, KAUDIT_ES } = process.env;
  if (ELASTICSEARCH_URL && KAUDIT_ES === undefined) {
    const server = {
      url: ELASTICSEARCH_URL,
      username: ELASTICSEARCH_USERNAME ?? '',
      password: ELASTICSEARCH_PASSWORD ?? '',
    };
    return { server, stop: async () => {} };
  }
  if (KAUDIT_ES !== 'embedded') {
    const container = await startContainer(KAUDIT_ES === 'docker');
    if (container !== undefined) return container;
  }
  return await startNode();
}

async function startNode(): Promise<{ server: TestElasticsearch; stop: Stop }> {
  const home = await mkdtemp(join(tmpdir(), 'kaudit-test-'));
  const settings = readSettings({ KAUDIT_ES_HEAP: '768m', ...process.env, KAUDIT_HOME: home, ELASTICSEARCH_URL: '' });
  const say = (line: string): void => console.error(line);
  const { url, username, password } = await startEmbedded({ settings, say, progress: () => {} });
  const stop = async (): Promise<void> => {
    await removeEmbedded(settings);
    await rm(home, { recursive: true, force: true });
  };
  return { server: { url, username, password }, stop };
}
