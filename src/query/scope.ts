import type { JsonObject } from '../shared/json.ts';
import type { Definition, NoiseSet } from './definition.ts';
import { invalidParameter } from './parameters.ts';
import type { Scalar, Window } from './types.ts';

/** What a run looks at, the same for all its investigations. */
export interface Scope {
  readonly window: Window;
  /** Only events of this cluster; `''`: of those that name none. */
  readonly cluster?: string;
  /** Values of parameters, by name. */
  readonly parameters: Readonly<Record<string, readonly Scalar[]>>;
  readonly noise: ReadonlyMap<string, NoiseSet>;
  /** False: report what noise sets would hide. */
  readonly useNoise: boolean;
}

/** The one event of a request that tells how it ended. */
export const ENDED: JsonObject = { term: { 'kaudit.terminal': true } };

export function kql(query: string): JsonObject {
  return { kql: { query } };
}

/** Filters of the window and the cluster. Undated events are in no window that has a bound. */
export function scopeFilters({ window, cluster }: Pick<Scope, 'window' | 'cluster'>): readonly JsonObject[] {
  const { from, to } = window;
  const range = { ...(from !== undefined && { gte: from }), ...(to !== undefined && { lt: to }) };
  return [
    ...(Object.keys(range).length > 0 ? [{ range: { '@timestamp': range } }] : []),
    ...(cluster === undefined ? [] : [ofCluster(cluster)]),
  ];
}

function ofCluster(name: string): JsonObject {
  if (name === '') return { bool: { must_not: [{ exists: { field: 'kaudit.cluster' } }] } };
  return { term: { 'kaudit.cluster': name } };
}

/** The events that a definition asks for, noise included. Parameters stand beside the query text, never in it. */
export function matchQuery(definition: Definition, scope: Scope): JsonObject {
  const { filter, mustNot } = parameterFilters(definition, scope.parameters);
  const ends = definition.stages === undefined ? ENDED : { terms: { stage: definition.stages } };
  return { bool: { filter: [...scopeFilters(scope), ends, kql(definition.match), ...filter], must_not: mustNot } };
}

interface ParameterFilters {
  readonly filter: readonly JsonObject[];
  readonly mustNot: readonly JsonObject[];
}

function parameterFilters(definition: Definition, given: Scope['parameters']): ParameterFilters {
  const filter: JsonObject[] = [];
  const mustNot: JsonObject[] = [];
  for (const [name, { field, exclude, default: fallback }] of Object.entries(definition.parameters)) {
    const values = given[name] ?? fallback;
    if (values.some((value) => value === '')) throw invalidParameter(name, 'has an empty value');
    if (values.length > 0) (exclude ? mustNot : filter).push({ terms: { [field]: values } });
  }
  return { filter, mustNot };
}

/** What a noise set hides. Never who impersonates: the impersonated name would lend its silence to anybody. */
export function noiseQuery(set: NoiseSet): JsonObject {
  return { bool: { filter: [kql(set.match)], must_not: [{ exists: { field: 'kaudit.actor.impersonator' } }] } };
}

/** The noise sets of a definition that are in use. */
export function noiseOf(definition: Definition, scope: Scope): readonly NoiseSet[] {
  if (!scope.useNoise) return [];
  return definition.noise.map((id) => scope.noise.get(id)).filter((set) => set !== undefined);
}

/** The events that a definition reports. */
export function reportedQuery(definition: Definition, scope: Scope): JsonObject {
  const noise = noiseOf(definition, scope).map(noiseQuery);
  return { bool: { filter: [matchQuery(definition, scope)], must_not: noise } };
}
