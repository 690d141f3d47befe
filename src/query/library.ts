import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KauditError, messageOf } from '../shared/errors.ts';
import {
  type Definition,
  invalidFile,
  type NoiseSet,
  type Parsed,
  parseDefinition,
  parseNoiseSet,
} from './definition.ts';
import type { FieldTypes } from './fields.ts';
import { kqlOfKind, type PlacedKql } from './kinds/check.ts';

/** A stored investigation with the file that it came from. */
export interface Investigation {
  readonly definition: Definition;
  /** Folder of the file: the ATT&CK tactic. */
  readonly category: string;
  readonly file: string;
  readonly source: string;
}

export interface Library {
  readonly investigations: readonly Investigation[];
  readonly noise: ReadonlyMap<string, NoiseSet>;
}

/** The folder of the investigations that kaudit brings, two folders above this one in src and in dist alike. */
export const SHIPPED = fileURLToPath(new URL('../../queries', import.meta.url));

const NOISE = 'noise';

/** Reads investigations and noise sets from folders. Throws `invalid-query` for the first file that is not valid. */
export function readLibrary(folders: readonly string[], fields: FieldTypes): Library {
  const files = folders.flatMap(yamlFiles);
  const noise = new Map<string, NoiseSet>();
  const investigations = new Map<string, Investigation>();
  for (const { path } of files.filter((file) => file.category === NOISE)) {
    const set = required(path, parseNoiseSet(readText(path), idOf(path), fields));
    // A folder that is added must not be able to widen what the shipped investigations hide.
    if (noise.has(set.id)) throw invalidFile(path, [`id: there is a noise set ${set.id} already`]);
    noise.set(set.id, set);
  }
  for (const { path, category } of files.filter((file) => file.category !== NOISE)) {
    const source = readText(path);
    const definition = required(path, parseDefinition(source, idOf(path), fields));
    const missing = definition.noise.find((name) => !noise.has(name));
    if (missing !== undefined) throw invalidFile(path, [`noise: there is no noise set ${missing}`]);
    const twin = investigations.get(definition.id);
    if (twin !== undefined) throw invalidFile(path, [`id: ${twin.file} has the same`]);
    investigations.set(definition.id, { definition, category, file: path, source });
  }
  return { investigations: [...investigations.values()], noise };
}

/** Problems of single files, by path. */
export function validateFiles(paths: readonly string[], fields: FieldTypes): ReadonlyMap<string, readonly string[]> {
  const check = (path: string): readonly string[] => {
    return parserFor(path)(readText(path), idOf(path), fields).problems;
  };
  return new Map(paths.map((path) => [path, check(path)]));
}

/** The KQL in a valid file, each with its place; none in a file that is not valid. */
export function kqlIn(path: string, fields: FieldTypes): readonly PlacedKql[] {
  const value = parserFor(path)(readText(path), idOf(path), fields).value;
  if (value === undefined) return [];
  const match = { place: 'match', query: value.match };
  if (!('kind' in value)) return [match];
  const { of } = value.requires;
  return [match, ...(of === undefined ? [] : [{ place: 'requires.of', query: of }]), ...kqlOfKind(value)];
}

function parserFor(path: string): (source: string, id: string, fields: FieldTypes) => Parsed<Definition | NoiseSet> {
  return path.split(/[/\\]/).at(-2) === NOISE ? parseNoiseSet : parseDefinition;
}

interface YamlFile {
  readonly path: string;
  readonly category: string;
}

export function yamlFiles(folder: string): readonly YamlFile[] {
  let names: readonly string[];
  try {
    names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  } catch (cause) {
    throw new KauditError('usage', `The folder of queries ${folder} cannot be read: ${messageOf(cause)}.`, { cause });
  }
  return names
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .map((name) => ({ path: join(folder, name), category: name.split(/[/\\]/).at(-2) ?? '' }));
}

function idOf(path: string): string {
  return basename(path).replace(/\.ya?ml$/, '');
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new KauditError('usage', `${path} cannot be read: ${messageOf(cause)}.`, { cause });
  }
}

function required<T>(path: string, parsed: Parsed<T>): T {
  if (parsed.value === undefined) throw invalidFile(path, parsed.problems);
  return parsed.value;
}
