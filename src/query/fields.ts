import { isObject, type JsonObject } from '../shared/json.ts';

/** Type of each field of the mapping by its dotted name; an alias has the type of what it points to. */
export type FieldTypes = ReadonlyMap<string, string>;

/** Flattens the `properties` of a mapping. Fields that cannot be searched, as those below `enabled: false`, are left out. */
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
    else if (typeof type === 'string' && type !== 'object' && isSearchable(field)) types.set(name, type);
    if (isObject(field['properties'])) collect(field['properties'], `${name}.`, types, aliases);
  }
}

/** Without an index, the server searches the values that it keeps for sorting. */
function isSearchable(field: JsonObject): boolean {
  return field['index'] !== false || field['doc_values'] !== false;
}
