import { parseEvent } from '../audit/event.ts';
import { isTerminal } from '../audit/facts/outcome.ts';
import { isObject, type JsonObject } from '../shared/json.ts';
import type { Definition, Given, Scenario } from './definition.ts';
import { TEMPLATES } from './like/index.ts';
import { iso, milliseconds, parseDuration } from './time.ts';
import type { InvestigationResult, Window } from './types.ts';

/** A scenario that is ready to run: its events are loaded under a cluster name of their own. */
export interface ScenarioCase {
  readonly definition: Definition;
  readonly scenario: Scenario;
  readonly cluster: string;
  readonly window: Window;
  readonly lines: readonly string[];
}

export interface ScenarioVerdict {
  readonly id: string;
  readonly it: string;
  readonly passed: boolean;
  /** What was expected and what came; empty when it passed. */
  readonly differences: readonly string[];
}

/** When scenarios begin: a Monday morning. */
const START = Date.UTC(2026, 2, 2, 9);
const CONTROL = new Set(['like', 'times', 'every', 'at', 'returned']);

export function scenarioCases(definitions: readonly Definition[]): readonly ScenarioCase[] {
  return definitions.flatMap((definition) =>
    definition.scenarios.map((scenario, at) => ({
      definition,
      scenario,
      cluster: `${definition.id}/${at + 1}`,
      window: windowOf(scenario),
      lines: scenario.given.flatMap((given, index) => expand(given, index)).map((event) => JSON.stringify(event)),
    })),
  );
}

function windowOf({ window }: Scenario): Window {
  const { from, to } = window ?? {};
  return {
    ...(from !== undefined && { from: iso(START + milliseconds(from)) }),
    ...(to !== undefined && { to: iso(START + milliseconds(to)) }),
  };
}

/** The events of one entry of `given`: its template with its changes, so many times, so far apart. */
function expand(given: Given, index: number): readonly JsonObject[] {
  const template = TEMPLATES[given.like] ?? {};
  const changes = Object.fromEntries(Object.entries(given).filter(([key]) => !CONTROL.has(key)));
  const every = parseDuration(given.every ?? '1s') ?? 0;
  const offset = given.at === undefined ? index * 1000 : (parseDuration(given.at) ?? 0);
  return Array.from({ length: given.times ?? 1 }, (_, time) => {
    const at = new Date(START + offset + time * every).toISOString();
    const generated = { auditID: `${index}-${time}`, requestReceivedTimestamp: at, stageTimestamp: at };
    const event = merge({ ...template, ...generated }, changes);
    return given.returned ? { ...event, level: 'RequestResponse', responseObject: event['requestObject'] } : event;
  });
}

/** Objects are merged, everything else is replaced, null takes a member away. */
function merge(base: JsonObject, changes: JsonObject): JsonObject {
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(changes)) {
    const before = result[key];
    if (value === null) delete result[key];
    else result[key] = isObject(value) && isObject(before) ? merge(before, value) : value;
  }
  return result;
}

export function judge(one: ScenarioCase, result: InvestigationResult): ScenarioVerdict {
  const { definition, scenario } = one;
  const differences = [...compare(scenario, result), ...unended(one, result)];
  return { id: definition.id, it: scenario.it, passed: differences.length === 0, differences };
}

/** Why nothing is counted where no event ends its request: a session is logged when it begins, too. */
function unended({ definition, scenario, lines }: ScenarioCase, { matches }: InvestigationResult): readonly string[] {
  if (definition.stages !== undefined || matches >= scenario.expect.requests) return [];
  const events = lines.map((line) => parseEvent(JSON.parse(line)));
  if (events.some((parsed) => parsed.kind === 'event' && isTerminal(parsed.event))) return [];
  const templates = [...new Set(scenario.given.map(({ like }) => like))].join(', ');
  return [
    `only the event that ends a request counts, and none given does: ${templates} is logged when it begins; ` +
      'with stage: ResponseComplete it is the end',
  ];
}

function* compare({ expect }: Scenario, result: InvestigationResult): Generator<string> {
  if (result.status === 'error') yield `it failed: ${result.reason}`;
  if (result.matches !== expect.requests) yield `expected ${expect.requests} requests, got ${result.matches}`;
  const groups = result.groups.length + result.moreGroups;
  if (expect.groups !== undefined && groups !== expect.groups) yield `expected ${expect.groups} groups, got ${groups}`;
  if (expect.status !== undefined && result.status !== expect.status)
    yield `expected ${expect.status}, got ${result.status}`;
  const [first] = result.groups;
  const values: JsonObject = { ...first?.by, ...first?.show };
  for (const [name, wanted] of Object.entries(expect.first ?? {})) {
    const actual = JSON.stringify(values[name]);
    if (actual !== JSON.stringify(wanted)) yield `expected ${name} ${JSON.stringify(wanted)}, got ${actual}`;
  }
}
