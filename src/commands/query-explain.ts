import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventsAlias } from '../audit/indices.ts';
import type { Cluster } from '../elastic/index.ts';
import { type FoundSource, findSources, load } from '../load/index.ts';
import { type ExplainedEvent, explainEvent } from '../query/index.ts';
import { renderExplanations } from '../report/index.ts';
import { EXIT, KauditError } from '../shared/errors.ts';
import { isObject, type JsonObject } from '../shared/json.ts';
import type { Context, GlobalFlags } from './context.ts';
import { find, mappedFields, openLibrary } from './query-library.ts';
import { type ScopeFlags, scopeOf } from './query-scope.ts';
import { removeNamespace, scratchNamespace } from './scratch.ts';
import { openStore, refreshEvents } from './store.ts';

export interface ExplainFlags extends GlobalFlags, Omit<ScopeFlags, 'namespace' | 'cluster'> {
  readonly id: string;
  readonly event: string;
  readonly json?: boolean;
}

/** More are no explanation any more. */
const MOST_EVENTS = 20;

/** Says of each event of a file, clause by clause, why an investigation reports it or not: a server tells, over an index of its own. */
export async function explainQuery(context: Context, flags: ExplainFlags): Promise<number> {
  const { io } = context;
  const library = openLibrary(io, { ...flags }, { ids: [flags.id] });
  const { definition } = find(library, flags.id);
  const namespace = scratchNamespace();
  const scope = scopeOf({ ...flags, namespace }, library, [definition]);
  const sources = await sourcesOf(context, flags.event);
  const cluster = await context.cluster();
  try {
    await loadFile(context, cluster, namespace, sources, flags.event);
    const found = await listEvents(cluster, namespace);
    const explained: ExplainedEvent[] = [];
    for (const { id, event } of found.slice(0, MOST_EVENTS)) {
      const target = eventsAlias(namespace);
      const explanation = await explainEvent(cluster.ask, target, id, definition, scope, mappedFields());
      explained.push({ event, explanation });
    }
    if (found.length > MOST_EVENTS) io.say(`Only the first ${MOST_EVENTS} events of the file are explained.`);
    await io.out(
      flags.json
        ? `${JSON.stringify({ id: definition.id, events: explained })}\n`
        : renderExplanations(definition, explained, io),
    );
    return EXIT.done;
  } finally {
    await removeNamespace(cluster, namespace);
  }
}

async function sourcesOf({ io }: Context, file: string): Promise<readonly FoundSource[]> {
  const sources = await findSources([file], io.stdin);
  const unreadable = sources.filter((source) => source.kind === 'unreadable');
  const [first] = unreadable;
  if (first !== undefined && unreadable.length === sources.length)
    throw new KauditError('usage', `${first.name} cannot be read: ${first.reason}.`);
  return sources;
}

/** Loads a file as `kaudit load` does, whatever it is wrapped in. */
async function loadFile(
  context: Context,
  cluster: Cluster,
  namespace: string,
  sources: readonly FoundSource[],
  file: string,
): Promise<void> {
  const store = await openStore(cluster, namespace);
  const quarantine = await mkdtemp(join(tmpdir(), 'kaudit-explain-'));
  try {
    const options = { cluster: 'explain', namespace, quarantine, signal: context.signal };
    const { report } = await load(store, sources, options);
    const others = report.reasons.map(({ reason, count }) => `${count} ${reason}`).join('; ');
    if (report.created === 0) {
      const hint = report.read === 0 ? 'It is empty.' : 'It holds something else.';
      throw new KauditError('usage', `There is no audit event in ${file}.`, { hint });
    }
    if (others !== '') context.io.say(`Beside events there are in ${file}: ${others}.`);
  } finally {
    // What is explained is still where it came from: nothing of it is to stay here.
    await rm(quarantine, { recursive: true });
  }
  await refreshEvents(cluster, namespace);
}

interface FoundEvent {
  readonly id: string;
  readonly event: JsonObject;
}

/** The first events, by their time, with what tells them apart. */
async function listEvents({ ask }: Cluster, namespace: string): Promise<readonly FoundEvent[]> {
  const answer = await ask('POST', `/${eventsAlias(namespace)}/_search`, {
    size: MOST_EVENTS + 1,
    sort: [{ '@timestamp': { order: 'asc', missing: '_last' } }, { auditID: 'asc' }],
    _source: [
      '@timestamp',
      'auditID',
      'stage',
      'level',
      'verb',
      'kaudit.actor.name',
      'kaudit.resource',
      'kaudit.object',
    ],
  });
  const hits = isObject(answer) && isObject(answer['hits']) ? answer['hits']['hits'] : [];
  return (Array.isArray(hits) ? hits.filter(isObject) : []).map((hit) => ({
    id: String(hit['_id']),
    event: isObject(hit['_source']) ? hit['_source'] : {},
  }));
}
