import { isObject, type JsonObject } from '../audit/event.ts';

/** Type of each field of the mapping by its dotted name; an alias has the type of what it points to. */
export type FieldTypes = ReadonlyMap<string, string>;

/** Flattens the `properties` of a mapping. Fields below `enabled: false` cannot be searched and are left out. */
export function fieldTypes(properties: JsonObject): FieldTypes {
  const types = new Map<string, string>();
  const aliases = new Map<string, string>();
  collect(properties, '', types, aliases);
  for (const [name, target] of aliases) {
    const type = types.get(target);
    if (type !== undefined) types.set(name, type);
  }
  return types;
}

function collect(
  properties: JsonObject,
  prefix: string,
  types: Map<string, string>,
  aliases: Map<string, string>,
): void {
  for (const [key, field] of Object.entries(properties)) {
    if (!isObject(field)) continue;
    const name = prefix + key;
    const { type, path } = field;
    if (type === 'alias') aliases.set(name, String(path));
    else if (typeof type === 'string' && type !== 'object' && field['index'] !== false) types.set(name, type);
    if (isObject(field['properties'])) collect(field['properties'], `${name}.`, types, aliases);
  }
}
