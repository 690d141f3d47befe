import { KauditError } from '../shared/errors.ts';
import type { Definition } from './definition.ts';
import type { Scalar } from './types.ts';

export function invalidParameter(name: string, problem: string): KauditError {
  return new KauditError('usage', `The parameter ${name} ${problem}.`, {
    hint: 'kaudit query show ID lists the parameters of an investigation.',
  });
}

/** Reads `name=value` texts; a name may come several times. Each must be a parameter of at least one definition. */
export function parseParameters(
  texts: readonly string[],
  definitions: readonly Definition[],
): Readonly<Record<string, readonly Scalar[]>> {
  const known = new Set(definitions.flatMap((definition) => Object.keys(definition.parameters)));
  const values: Record<string, Scalar[]> = {};
  for (const text of texts) {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
    if (name === undefined || value === undefined) throw invalidParameter(`"${text}"`, 'is not of the form name=value');
    if (!known.has(name)) throw invalidParameter(name, 'is none of the investigations that are to run');
    values[name] = [...(Object.hasOwn(values, name) ? (values[name] ?? []) : []), value];
  }
  return values;
}
