import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pLimit from 'p-limit';
import type { Cluster } from '../elastic/index.ts';
import { type FoundSource, load, streamSource } from '../load/index.ts';
import { KauditError } from '../shared/errors.ts';
import { openStore, refreshEvents } from './store.ts';

export interface LoadLinesOptions {
  readonly namespace: string;
  /** Events as JSON, each with the name of the cluster that it is loaded under. */
  readonly lines: readonly { readonly cluster: string; readonly line: string }[];
}

/** Loads events that are at hand through the real loader, and makes them visible. Throws when one is no event. */
export async function loadLines(cluster: Cluster, { namespace, lines }: LoadLinesOptions): Promise<void> {
  const store = await openStore(cluster, namespace);
  const limit = pLimit(4);
  await Promise.all(
    [...linesByCluster(lines)].map(([name, texts]) =>
      limit(async () => {
        const source = sourceOf(name, texts);
        const { report } = await load(store, [source], {
          cluster: name,
          namespace,
          quarantine: join(tmpdir(), 'kaudit-scenarios'),
          signal: new AbortController().signal,
        });
        if (report.created !== texts.length) throw notLoaded(name, texts.length, report.created, report.quarantineFile);
      }),
    ),
  );
  if (lines.length > 0) await refreshEvents(cluster, namespace);
}

function linesByCluster(lines: LoadLinesOptions['lines']): ReadonlyMap<string, readonly string[]> {
  const byCluster = new Map<string, string[]>();
  for (const { cluster, line } of lines) {
    const known = byCluster.get(cluster);
    if (known === undefined) byCluster.set(cluster, [line]);
    else known.push(line);
  }
  return byCluster;
}

function sourceOf(name: string, lines: readonly string[]): FoundSource {
  return streamSource(name, async function* () {
    yield Buffer.from(lines.join('\n'));
  });
}

function notLoaded(name: string, wanted: number, created: number, quarantineFile: string | undefined): KauditError {
  return new KauditError('invalid-query', `Of ${wanted} events of ${name}, ${created} were stored.`, {
    hint:
      quarantineFile === undefined
        ? 'Two of them are the same event: give each its own auditID.'
        : `The reasons are in ${quarantineFile}.`,
  });
}
