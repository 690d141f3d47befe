import { basename, dirname, resolve } from 'node:path';
import { eventsAlias } from '../audit/indices.ts';
import {
  askServer,
  checkCollection,
  type FieldTypes,
  kqlIn,
  lineOf,
  readLibrary,
  readSources,
  readText,
  SHIPPED,
  scenarioCases,
  yamlFiles,
} from '../query/index.ts';
import { EXIT } from '../shared/errors.ts';
import type { Context } from './context.ts';
import { loadLines } from './load-lines.ts';
import { mappedFields, sourcesOf, stringsOf } from './query-library.ts';
import { removeNamespace, scratchNamespace } from './scratch.ts';

type Flags = Readonly<Record<string, unknown>>;
type Problems = ReadonlyMap<string, readonly string[]>;

/**
 * Checks files in tiers: schema, fields and KQL of each, then all of them together, then, with `--server`, their KQL
 * by a server that has our mapping. A file that fails one tier is not put to the next. `query test` is the last tier.
 */
export async function validateQueries(context: Context, flags: Flags): Promise<number> {
  const named = stringsOf(flags['files']);
  const fields = mappedFields();
  const { library, problems } = readSources([...sourcesOf(flags), ...named], fields);
  const files = named.flatMap((source) => yamlFiles(source).map(({ path }) => path));
  const inFiles = named.length > 0 ? only(problems, files) : problems;
  const together = addTo(inFiles, checkCollection(library, fields));
  const all = flags['server'] ? await withServerProblems(context, together, fields) : together;
  let invalid = 0;
  for (const [file, found] of all) {
    if (found.length > 0) invalid += 1;
    const source = found.length > 0 ? readText(file) : '';
    await context.io.out(found.map((problem) => `${placeOf(file, source, problem)}: ${problem}\n`).join(''));
  }
  const valid = [...all].filter(([, found]) => found.length === 0).map(([file]) => file);
  await context.io.out(`${valid.length} valid${sortsOf(valid)}, ${invalid} not valid\n`);
  return invalid === 0 ? EXIT.done : EXIT.usage;
}

/** What the files are, where they are of several sorts: their folders tell. */
function sortsOf(files: readonly string[]): string {
  const folders = files.map((file) => basename(dirname(resolve(file))));
  const packs = folders.filter((folder) => folder === 'packs').length;
  const noise = folders.filter((folder) => folder === 'noise').length;
  if (packs + noise === 0) return '';
  return ` (${files.length - packs - noise} investigations, ${packs} packs, ${noise} noise sets)`;
}

/** `file:line`, as editors and terminals open it. */
function placeOf(file: string, source: string, problem: string): string {
  const line = lineOf(source, problem);
  return line === undefined ? file : `${file}:${line}`;
}

function only(problems: Problems, files: readonly string[]): Problems {
  const named = new Set(files.map((file) => resolve(file)));
  return new Map([...problems].filter(([file]) => named.has(resolve(file))));
}

function addTo(problems: Problems, more: Problems): Problems {
  return new Map([...problems].map(([file, found]) => [file, found.length > 0 ? found : (more.get(file) ?? [])]));
}

async function withServerProblems(context: Context, found: Problems, fields: FieldTypes): Promise<Problems> {
  const cluster = await context.cluster();
  const namespace = scratchNamespace();
  try {
    await loadLines(cluster, { namespace, lines: someEvents(fields) });
    const more = new Map<string, readonly string[]>();
    for (const file of found.keys()) {
      const problems: string[] = [];
      for (const { place, query } of kqlIn(file, fields)) {
        const problem = await askServer(cluster.ask, eventsAlias(namespace), query);
        if (problem !== undefined) problems.push(`${place}: ${problem}`);
      }
      more.set(file, problems);
    }
    return addTo(found, more);
  } finally {
    await removeNamespace(cluster, namespace);
  }
}

/** The events of one shipped scenario. */
function someEvents(fields: FieldTypes): readonly { readonly cluster: string; readonly line: string }[] {
  const { investigations } = readLibrary([SHIPPED], fields);
  const [first] = scenarioCases(investigations.map(({ definition }) => definition));
  return (first?.lines ?? []).map((line) => ({ cluster: 'validate', line }));
}
