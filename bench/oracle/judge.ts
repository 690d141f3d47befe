/** Loads cases, each as a cluster of its own, and runs what asks the same as their rules. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Cluster,
  type Definition,
  type Library,
  load,
  mappedFields,
  openStore,
  type RunResult,
  readLibrary,
  refreshEvents,
  runInvestigations,
  SHIPPED,
  type Store,
  streamSource,
} from 'kaudit';
import pLimit from 'p-limit';
import type { Case, Json } from './cases.ts';
import { repair, repeated } from './repair.ts';
import { type Parameters, type Rule, ruleOf } from './rules.ts';
import type { Verdict } from './table.ts';

export interface Judged {
  readonly verdicts: readonly Verdict[];
  readonly outOfScope: readonly { readonly id: string; readonly because: string }[];
  /** Cases that hold no audit event, with what became of them: nothing can be found of them. */
  readonly unloaded: readonly { readonly id: string; readonly fate: string }[];
  /** Members that were filled in, each with its events. */
  readonly filled: string;
}

/** A case with what is to be asked of it. */
interface Question {
  readonly one: Case;
  readonly rule: Rule;
  readonly definitions: readonly Definition[];
  readonly parameters: Parameters;
  readonly cluster: string;
  readonly filled: readonly string[];
  readonly events: readonly Json[];
}

const AT_ONCE = 4;

export async function judge(server: Cluster, namespace: string, cases: readonly Case[]): Promise<Judged> {
  const library = readLibrary([SHIPPED], mappedFields());
  const asked: Question[] = [];
  const outOfScope: { id: string; because: string }[] = [];
  for (const one of cases) {
    const rule = ruleOf(one);
    if (rule === undefined) throw new Error(`rules.ts does not say what answers ${one.rule}.`);
    if ('because' in rule) outOfScope.push({ id: one.id, because: rule.because });
    else asked.push(questionOf(one, rule, library, `case-${asked.length}`));
  }
  const limit = pLimit(AT_ONCE);
  const store = await openStore(server, namespace);
  const fates = await Promise.all(asked.map((question) => limit(loadCase, store, namespace, question)));
  await refreshEvents(server, namespace);
  const answer = async (question: Question, at: number): Promise<Verdict> => {
    const { definitions, cluster, parameters } = question;
    const scope = { window: {}, cluster, parameters, noise: library.noise, useNoise: true };
    const run = await runInvestigations({ ask: server.ask, namespace, definitions, ...scope });
    return verdictOf(question, run, fates[at]);
  };
  const verdicts = await Promise.all(asked.map((question, at) => limit(answer, question, at)));
  const unloaded = asked.flatMap(({ one }, at) => {
    const fate = fates[at];
    return fate === undefined ? [] : [{ id: one.id, fate }];
  });
  return { verdicts, outOfScope, unloaded, filled: countFilled(asked) };
}

function questionOf(one: Case, rule: Rule, { investigations }: Library, cluster: string): Question {
  const definitions = rule.asks.map((id) => {
    const found = investigations.find(({ definition }) => definition.id === id);
    if (found === undefined) throw new Error(`There is no investigation ${id}, which rules.ts names for ${one.id}.`);
    return found.definition;
  });
  const parameters = typeof rule.parameters === 'function' ? rule.parameters(one) : (rule.parameters ?? {});
  const missing = Object.keys(parameters).find((name) => !definitions.every((each) => name in each.parameters));
  if (missing !== undefined) throw new Error(`${rule.asks} has no parameter ${missing}, which rules.ts gives it.`);
  const needed = definitions.map((definition) => (definition.kind === 'threshold' ? definition.threshold.atLeast : 1));
  const repaired = repair(one.event);
  const events = [
    ...repeated(repaired, Math.max(...needed)),
    ...(rule.history?.({ ...one, event: repaired.event }) ?? []),
  ];
  return { one, rule, definitions, parameters, cluster, filled: repaired.filled, events };
}

/** Why events were not loaded; undefined where all were. */
async function loadCase(store: Store, namespace: string, question: Question): Promise<string | undefined> {
  const { cluster, events } = question;
  const text = events.map((event) => `${JSON.stringify(event)}\n`).join('');
  const source = streamSource(cluster, async function* () {
    yield Buffer.from(text);
  });
  const { report } = await load(store, [source], {
    cluster,
    namespace,
    quarantine: join(tmpdir(), 'kaudit-oracle'),
    signal: new AbortController().signal,
  });
  if (report.created === events.length) return undefined;
  return report.reasons.map(({ fate, reason }) => `${fate}, ${reason}`).join('; ');
}

function verdictOf({ one, rule }: Question, { results }: RunResult, fate: string | undefined): Verdict {
  const failed = results.find(({ status }) => status === 'error');
  if (failed !== undefined) throw new Error(`${failed.id} failed for ${one.id}: ${failed.reason}`);
  const reporting = results.filter(({ status }) => status === 'findings').map(({ id }) => id);
  const hiding = results.flatMap(({ hidden }) => Object.keys(hidden).filter((set) => (hidden[set] ?? 0) > 0));
  const silence = fate ?? (hiding.length > 0 ? `hidden by ${hiding.join(', ')}` : 'it does not match');
  return {
    id: one.id,
    rule: one.rule ?? 'no rule of theirs',
    asks: rule.asks,
    differs: rule.differs,
    expected: one.expected,
    found: reporting.length > 0,
    reason: reporting.length > 0 ? `found by ${reporting.join(', ')}` : silence,
  };
}

function countFilled(asked: readonly Question[]): string {
  const counts = new Map<string, number>();
  for (const { filled } of asked) for (const member of filled) counts.set(member, (counts.get(member) ?? 0) + 1);
  const most = [...counts].sort(([, a], [, b]) => b - a);
  return most.map(([member, count]) => `${member} ${count}`).join(', ');
}
