/** Definitions that say nothing but what a test is about, and their results. */
import { type Cluster, readTemplate } from '../../src/elastic/index.ts';
import {
  type Definition,
  fieldTypes,
  type InvestigationResult,
  type RunOptions,
  readLibrary,
  runInvestigations,
  SHIPPED,
} from '../../src/query/index.ts';
import { rawEvent } from './events.ts';

export const { noise } = readLibrary([SHIPPED], fieldTypes(readTemplate().template.mappings.properties));

const COMMON = {
  id: 'mine',
  version: 1,
  title: 'Mine',
  question: 'Who?',
  severity: 'low',
  attack: [],
  match: 'verb: *',
  requires: { level: 'Metadata' },
  noise: [],
  parameters: {},
  group: { by: ['kaudit.actor.name'], show: {}, limit: 20 },
  schedule: { every: '1h', lookback: '2h' },
  falsePositives: [{ what: 'Work', tell: 'It is done' }],
  next: ['Ask'],
  scenarios: [],
} satisfies Omit<Definition, 'kind'>;

type Common = typeof COMMON;
/** What a kind has of its own, and what differs. */
type Own<T> = T extends { readonly kind: string }
  ? Omit<T, keyof Common> & Partial<Pick<T, keyof T & keyof Common>>
  : never;

export function investigation(own: Own<Definition>): Definition {
  return { ...COMMON, ...own } as Definition;
}

export interface Line {
  readonly cluster: string;
  readonly line: string;
}

/** So many minutes after midnight. */
export function minute(minutes: number): string {
  return new Date(Date.UTC(2026, 2, 2) + minutes * 60_000).toISOString();
}

let events = 0;

/** A request by somebody, so many minutes after midnight. */
export function request(cluster: string, minutes: number, username: string, changes: object = {}): Line {
  events += 1;
  const time = minute(minutes);
  const event = { auditID: `${events}`, user: { username }, requestReceivedTimestamp: time, stageTimestamp: time };
  return { cluster, line: JSON.stringify(rawEvent({ ...event, ...changes })) };
}

export async function resultOf(
  { ask }: Cluster,
  namespace: string,
  definition: Definition,
  options: Partial<RunOptions> = {},
): Promise<InvestigationResult> {
  const scope = { window: {}, parameters: {}, noise, useNoise: true };
  const { results } = await runInvestigations({ ...scope, ask, namespace, definitions: [definition], ...options });
  const [result] = results;
  if (result === undefined) throw new Error('one result for each definition');
  return result;
}
