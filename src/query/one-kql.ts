import type { Definition } from './definition.ts';
import { noiseOf, type Scope } from './scope.ts';
import type { Scalar } from './types.ts';

/**
 * The events that a definition reports, as one KQL query: for a search bar or a rule, which hold nothing but text.
 * The window is not in it. Values are quoted, so that none can say more than a value.
 */
export function reportedKql(definition: Definition, scope: Scope): string {
  const noise = noiseOf(definition, scope).map(
    ({ match }) => `not ((${oneLine(match)}) and not kaudit.actor.impersonator: *)`,
  );
  return [
    countedKql(definition),
    `(${oneLine(definition.match)})`,
    ...(scope.cluster === undefined ? [] : [oneOf('kaudit.cluster', [scope.cluster])]),
    ...parametersKql(definition.parameters, scope.parameters),
    ...noise,
  ].join(' and ');
}

/** Which events of a request count. */
export function countedKql({ stages }: Definition): string {
  return stages === undefined ? 'kaudit.terminal: true' : oneOf('stage', stages);
}

/** What parameters ask for, each as a query. */
export function parametersKql(parameters: Definition['parameters'], given: Scope['parameters']): readonly string[] {
  return Object.entries(parameters).flatMap(([name, { field, exclude, default: fallback }]) => {
    const values = given[name] ?? fallback;
    if (values.length === 0) return [];
    return [`${exclude ? 'not ' : ''}${oneOf(field, values)}`];
  });
}

function oneOf(field: string, values: readonly Scalar[]): string {
  const clauses = values.map((value) => `${field}: ${quoted(String(value))}`);
  return clauses.length === 1 ? clauses.join('') : `(${clauses.join(' or ')})`;
}

/** A value that KQL takes as it is. */
export function quoted(value: string): string {
  return `"${value.replace(/[\\"]/g, '\\$&')}"`;
}

function oneLine(query: string): string {
  return query.trim().replace(/\s*\n\s*/g, ' ');
}
