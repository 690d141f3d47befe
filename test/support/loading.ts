import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '../../src/elastic/index.ts';
import type { LoadReport } from '../../src/load/index.ts';
import { kaudit, type Ran } from './cli.ts';
import { freshNamespace, loadInto } from './cluster.ts';
import type { BulkFault, FakeElasticsearch } from './fake-elasticsearch.ts';
import type { FakeDocument } from './fake-store.ts';
import { useFakeTarget } from './fake-target.ts';
import { envOf, eventLines, type Target } from './oracle.ts';

export const LINES = eventLines(200, 2);
export const NAMESPACE = freshNamespace();

export interface Loading {
  /** A server of the running test's own. */
  readonly fake: FakeElasticsearch;
  readonly target: Target;
  /** Loads lines into it through stdin, in a home of its own. */
  readonly load: (lines?: readonly string[]) => Promise<Ran>;
  /** Loads lines into it without the command, which takes a while to start: for what only has to be there. */
  readonly prepare: (lines: readonly string[]) => Promise<LoadReport>;
}

/** A fake server for each test of a file. */
export function useFake(): Loading {
  const on = useFakeTarget();
  return {
    get fake() {
      return on.fake;
    },
    get target() {
      return on.target;
    },
    load: (lines = LINES) =>
      kaudit(['load', '-', '--namespace', NAMESPACE, '--cluster', 'test', '--json'], {
        env: { ...envOf(on.target), KAUDIT_HOME: mkdtempSync(join(tmpdir(), 'kaudit-home-')) },
        input: lines.join('\n'),
      }),
    prepare: async (lines) => {
      const path = join(mkdtempSync(join(tmpdir(), 'kaudit-prepare-')), 'audit.log');
      writeFileSync(path, lines.join('\n'));
      return (await loadInto(await connect({ url: on.fake.url }), NAMESPACE, [path])).report;
    },
  };
}

/** Which of the lines a document is of. */
export function lineOf({ source }: FakeDocument): number {
  return LINES.findIndex(
    (line) => line.includes(String(source['auditID'])) && line.includes(`"stage":"${source['stage']}"`),
  );
}

export function answering(status: number, body: object = {}): BulkFault {
  return { kind: 'answer', status, body: JSON.stringify(body) };
}
