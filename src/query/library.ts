import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KauditError, messageOf, systemCodeOf } from '../shared/errors.ts';
import {
  type Definition,
  invalidFile,
  type NoiseSet,
  type Parsed,
  type Problems,
  parseDefinition,
  parseNoiseSet,
  parsePack,
} from './definition.ts';
import type { FieldTypes } from './fields.ts';
import { kqlOfKind, type PlacedKql } from './kinds/check.ts';
import { queryOf } from './measures.ts';
import type { Pack } from './pack.ts';

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
  readonly packs: ReadonlyMap<string, StoredPack>;
  /** All that there are, read or not. */
  readonly index: readonly Indexed[];
  /** Files that stand in for others of the same id, which come from a folder that was named before. */
  readonly overrides: readonly Override[];
}

/** An investigation by what its file's place says. */
export interface Indexed {
  readonly id: string;
  readonly category: string;
  readonly path: string;
}

/** Which investigations are to be read: a run of a few need not wait for hundreds. */
export type Wanted = (one: Indexed, packs: Library['packs']) => boolean;

export interface StoredPack extends Pack {
  readonly file: string;
}

export interface Override {
  readonly id: string;
  readonly file: string;
  readonly instead: string;
}

/** A library as far as its files are valid, with the problems of those that are not; every file that was read is a key. */
export interface Reading {
  readonly library: Library;
  readonly problems: ReadonlyMap<string, Problems>;
}

/** The folder of the investigations that kaudit brings, two folders above this one in src and in dist alike. */
export const SHIPPED = fileURLToPath(new URL('../../queries', import.meta.url));

const NOISE = 'noise';
const PACKS = 'packs';

/** Reads folders and single files, of investigations only those that are wanted. Throws `invalid-query` for the first file that is not valid. */
export function readLibrary(sources: readonly string[], fields: FieldTypes, wanted?: Wanted): Library {
  const { library, problems } = readSources(sources, fields, wanted);
  for (const [file, found] of problems) if (found.length > 0) throw invalidFile(file, found);
  return library;
}

/** Reads folders and single files; a later one may override investigations and packs of an earlier one. */
export function readSources(sources: readonly string[], fields: FieldTypes, wanted: Wanted = () => true): Reading {
  const shelf: Shelf = { problems: new Map(), noise: new Map(), investigations: new Map(), packs: new Map() };
  const overrides: Override[] = [];
  const note = (override: Override | undefined): void => {
    if (override !== undefined) overrides.push(override);
  };
  const files = unique(sources.flatMap(yamlFiles));
  const others = files.filter(({ category }) => category !== NOISE && category !== PACKS);
  for (const file of files.filter(({ category }) => category === NOISE)) placeNoiseSet(shelf, file, fields);
  for (const file of files.filter(({ category }) => category === PACKS)) note(placePack(shelf, file));
  const packs = new Map([...shelf.packs].map(([id, { value }]) => [id, value]));
  const index = others.map(({ path, category }) => ({ id: idOf(path), category, path }));
  for (const [at, file] of others.entries()) {
    const one = index[at];
    if (one !== undefined && wanted(one, packs)) note(placeInvestigation(shelf, file, fields));
  }
  const investigations = [...shelf.investigations.values()].map(({ value }) => value);
  return { library: { investigations, noise: shelf.noise, packs, index, overrides }, problems: shelf.problems };
}

/** A file that is named and lies in a folder that is named is one file. */
function unique(files: readonly YamlFile[]): readonly YamlFile[] {
  const first = new Map<string, YamlFile>();
  for (const file of files) if (!first.has(resolve(file.path))) first.set(resolve(file.path), file);
  return [...first.values()];
}

/** What has been read, by id, with where each came from. */
interface Shelf {
  readonly problems: Map<string, Problems>;
  readonly noise: Map<string, NoiseSet>;
  readonly investigations: Map<string, Placed<Investigation>>;
  readonly packs: Map<string, Placed<StoredPack>>;
}

interface Placed<T> {
  readonly value: T;
  readonly file: YamlFile;
}

function placeNoiseSet({ noise, problems }: Shelf, { path }: YamlFile, fields: FieldTypes): void {
  const parsed = parseNoiseSet(readText(path), idOf(path), fields);
  problems.set(path, parsed.problems);
  if (parsed.value === undefined) return;
  const { id } = parsed.value;
  // A folder that is added must not be able to widen what the shipped investigations hide.
  if (noise.has(id)) problems.set(path, [`id: there is a noise set ${id} already`]);
  else noise.set(id, parsed.value);
}

function placePack({ packs, problems }: Shelf, file: YamlFile): Override | undefined {
  const parsed = parsePack(readText(file.path), idOf(file.path));
  const stored = parsed.value === undefined ? parsed : { ...parsed, value: { ...parsed.value, file: file.path } };
  return place(packs, problems, file, stored);
}

function placeInvestigation(shelf: Shelf, file: YamlFile, fields: FieldTypes): Override | undefined {
  const source = readText(file.path);
  const parsed = parseDefinition(source, idOf(file.path), fields);
  const missing = parsed.value?.noise.filter((name) => !shelf.noise.has(name)) ?? [];
  if (missing.length > 0) {
    shelf.problems.set(
      file.path,
      missing.map((name) => `noise: there is no noise set ${name}`),
    );
    return undefined;
  }
  const { path, category } = file;
  const investigation: Parsed<Investigation> =
    parsed.value === undefined
      ? parsed
      : { value: { definition: parsed.value, category, file: path, source }, problems: [] };
  return place(shelf.investigations, shelf.problems, file, investigation);
}

/** Puts what a file holds in the place of its id, where it may be an override; twice in one source is a mistake. */
function place<T>(
  placed: Map<string, Placed<T>>,
  problems: Map<string, Problems>,
  file: YamlFile,
  { value, problems: found }: Parsed<T>,
): Override | undefined {
  problems.set(file.path, found);
  if (value === undefined) return undefined;
  const id = idOf(file.path);
  const twin = placed.get(id);
  if (twin?.file.source === file.source) {
    problems.set(file.path, [`id: ${twin.file.path} has the same`]);
    return undefined;
  }
  placed.set(id, { value, file });
  return twin === undefined ? undefined : { id, file: file.path, instead: twin.file.path };
}

/** The KQL in a valid file, each with its place; none in a file that is not valid or is a pack. */
export function kqlIn(path: string, fields: FieldTypes): readonly PlacedKql[] {
  const category = categoryOf(path);
  if (category === PACKS) return [];
  const parse = category === NOISE ? parseNoiseSet : parseDefinition;
  const { value }: Parsed<Definition | NoiseSet> = parse(readText(path), idOf(path), fields);
  if (value === undefined) return [];
  const match = { place: 'match', query: value.match };
  if (!('kind' in value)) return [match];
  const placed = ['of', 'open'] as const;
  const required = placed.flatMap((key) => {
    const query = value.requires[key];
    return query === undefined ? [] : [{ place: `requires.${key}`, query }];
  });
  const measures = Object.entries(value.group.show).flatMap(([name, measure]) => {
    const query = queryOf(measure);
    return query === undefined ? [] : [{ place: `group.show.${name}`, query }];
  });
  return [match, ...required, ...kqlOfKind(value), ...measures];
}

interface YamlFile {
  readonly path: string;
  readonly category: string;
  /** The folder that was named, or the file itself. */
  readonly source: string;
}

/** The YAML files of a folder; a file that is named is one, whatever it is called. */
export function yamlFiles(source: string): readonly YamlFile[] {
  let names: readonly string[];
  try {
    if (!statSync(source).isDirectory()) return [{ path: source, category: categoryOf(source), source }];
    names = readdirSync(source, { recursive: true, encoding: 'utf8' });
  } catch (cause) {
    throw unreadable(source, cause);
  }
  return names
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .map((name) => ({ path: join(source, name), category: name.split(/[/\\]/).at(-2) ?? '', source }));
}

function categoryOf(path: string): string {
  return basename(dirname(resolve(path)));
}

function idOf(path: string): string {
  return basename(path).replace(/\.ya?ml$/, '');
}

export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): KauditError {
  const isMissing = systemCodeOf(cause) === 'ENOENT';
  const says = isMissing ? `There is no file or folder ${path}.` : `${path} cannot be read: ${messageOf(cause)}.`;
  return new KauditError('usage', says, { cause });
}
