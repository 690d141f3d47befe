import { eventsAlias } from '../audit/indices.ts';
import {
  askServer,
  type FieldTypes,
  kqlIn,
  readLibrary,
  SHIPPED,
  scenarioCases,
  validateFiles,
  yamlFiles,
} from '../query/index.ts';
import { EXIT } from '../shared/errors.ts';
import type { Context } from './context.ts';
import { loadLines } from './load-lines.ts';
import { mappedFields, openLibrary, stringsOf } from './query-library.ts';
import { removeNamespace, scratchNamespace } from './scratch.ts';

type Flags = Readonly<Record<string, unknown>>;
type Problems = ReadonlyMap<string, readonly string[]>;

/** Checks files against schema and mapping; with `--server`, their KQL by a server that has our mapping as well. */
export async function validateQueries(context: Context, flags: Flags): Promise<number> {
  const named = stringsOf(flags['files']);
  const folders = [SHIPPED, ...stringsOf(flags['queries'])];
  const files = named.length > 0 ? named : folders.flatMap((folder) => yamlFiles(folder).map(({ path }) => path));
  const found = validateFiles(files, mappedFields());
  const problems = flags['server'] ? await withServerProblems(context, found) : found;
  const invalid = [...problems].filter(([, lines]) => lines.length > 0);
  for (const [file, lines] of invalid) {
    await context.io.out(`${file}\n${lines.map((line) => `  ${line}\n`).join('')}`);
  }
  // What only shows when files are looked at together: an id twice, a noise set that is not there.
  if (invalid.length === 0 && named.length === 0) openLibrary(flags);
  await context.io.out(`${files.length - invalid.length} valid, ${invalid.length} not valid\n`);
  return invalid.length === 0 ? EXIT.done : EXIT.usage;
}

async function withServerProblems(context: Context, found: Problems): Promise<Problems> {
  const cluster = await context.cluster();
  const namespace = scratchNamespace();
  const fields = mappedFields();
  try {
    await loadLines(cluster, { namespace, lines: someEvents(fields) });
    const all = new Map(found);
    for (const [file, before] of found) {
      const problems = [...before];
      for (const { place, query } of kqlIn(file, fields)) {
        const problem = await askServer(cluster.ask, eventsAlias(namespace), query);
        if (problem !== undefined) problems.push(`${place}: ${problem}`);
      }
      all.set(file, problems);
    }
    return all;
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
