import { KauditError } from '../shared/errors.ts';
import { didYouMean } from '../shared/near.ts';
import type { Definition } from './definition.ts';
import type { FieldTypes } from './fields.ts';
import { fits } from './kql.ts';
import type { Scope } from './scope.ts';
import type { Scalar } from './types.ts';

export function invalidParameter(name: string, problem: string, hint?: string): KauditError {
  return new KauditError('usage', `The parameter ${name} ${problem}.`, {
    hint: hint ?? 'kaudit query show ID lists the parameters of an investigation.',
  });
}

/** Required parameters that have no value. */
export function missingParameters({ parameters }: Definition, given: Scope['parameters']): readonly string[] {
  return Object.entries(parameters)
    .filter(([name, { required, default: fallback }]) => required && (given[name] ?? fallback).length === 0)
    .map(([name]) => name);
}

/** Reads `name=value` texts; a name may come several times. Each must be a parameter of at least one definition. */
export function parseParameters(
  texts: readonly string[],
  definitions: readonly Definition[],
  fields: FieldTypes,
): Readonly<Record<string, readonly Scalar[]>> {
  const values: Record<string, Scalar[]> = {};
  for (const text of texts) {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
    if (name === undefined || value === undefined) throw invalidParameter(`"${text}"`, 'is not of the form name=value');
    const types = typesOf(name, definitions, fields);
    if (types.size === 0) {
      const known = definitions.flatMap(({ parameters }) => Object.keys(parameters));
      throw invalidParameter(name, 'is none of the investigations that are to run', didYouMean(name, known));
    }
    for (const type of types)
      if (!fits(value, type)) throw invalidParameter(name, `is "${value}", which is no ${type}`);
    values[name] = [...(Object.hasOwn(values, name) ? (values[name] ?? []) : []), value];
  }
  return values;
}

/** The types that a parameter of this name has; of several investigations it may have several. */
function typesOf(name: string, definitions: readonly Definition[], fields: FieldTypes): ReadonlySet<string> {
  const named = definitions.flatMap(({ parameters }) =>
    Object.hasOwn(parameters, name) ? [parameters[name]?.field ?? ''] : [],
  );
  return new Set(named.map((field) => fields.get(field) ?? 'keyword'));
}
