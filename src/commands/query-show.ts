import { eventsAlias } from '../audit/indices.ts';
import {
  compileSearch,
  type Definition,
  discoverLink,
  type FieldTypes,
  type Scope,
  searchPath,
} from '../query/index.ts';
import { wrap } from '../report/index.ts';
import { EXIT } from '../shared/errors.ts';
import type { Context, GlobalFlags } from './context.ts';
import { find, mappedFields, openLibrary } from './query-library.ts';
import { type ScopeFlags, scopeOf } from './query-scope.ts';

export interface ShowFlags extends GlobalFlags, ScopeFlags {
  readonly id: string;
  readonly json?: boolean;
  readonly dsl?: boolean;
  readonly curl?: boolean;
  readonly kibana?: boolean;
}

/** Shows an investigation: its file and parameters, or what would be sent for it. */
export async function showQuery({ io, settings }: Context, flags: ShowFlags): Promise<number> {
  const library = openLibrary(io, { ...flags }, { ids: [flags.id] });
  const { definition, file, source } = find(library, flags.id);
  const scope = scopeOf(flags, library, [definition]);
  const kibana = settings.get('KIBANA_URL') ?? 'http://localhost:5601';
  if (flags.dsl) await io.out(`${JSON.stringify(compileSearch(definition, scope), null, 2)}\n`);
  else if (flags.curl) await io.out(curlOf(definition, scope, scope.namespace));
  else if (flags.kibana) await io.out(`${discoverLink(kibana, definition, scope, scope.namespace)}\n`);
  else if (flags.json) await io.out(`${JSON.stringify(withTypes(definition, mappedFields()))}\n`);
  else await io.out(source.trimEnd() + parametersText(definition, mappedFields(), io.columns));
  io.say(`(${file})`);
  return EXIT.done;
}

/** The first search, for a shell; what it holds stands in a quoted here-document, where nothing is special. */
function curlOf(definition: Definition, scope: Scope, namespace: string): string {
  const body = JSON.stringify(compileSearch(definition, scope), null, 2);
  const path = searchPath(eventsAlias(namespace));
  return [
    '# With an API key instead: -H "Authorization: ApiKey $ELASTICSEARCH_API_KEY"',
    '# Of the server that kaudit runs itself, kaudit api knows the credentials:',
    `#   kaudit query show ${definition.id} --dsl | kaudit api POST '${path}' --body -`,
    'curl -sS -u "$ELASTICSEARCH_USERNAME:$ELASTICSEARCH_PASSWORD" \\',
    "  -H 'Content-Type: application/json' --data-binary @- \\",
    `  "$ELASTICSEARCH_URL${path}" <<'JSON'`,
    body,
    'JSON',
    '',
  ].join('\n');
}

/** The definition, its parameters with the types that their fields have. */
function withTypes(definition: Definition, fields: FieldTypes): object {
  const parameters = Object.entries(definition.parameters).map(
    ([name, parameter]) => [name, { ...parameter, type: fields.get(parameter.field) }] as const,
  );
  return { ...definition, parameters: Object.fromEntries(parameters) };
}

/** The parameters as comments, so that the whole stays the YAML file that it is. */
function parametersText({ parameters }: Definition, fields: FieldTypes, columns: number): string {
  const lines = Object.entries(parameters).flatMap(([name, { field, exclude, required, default: values, about }]) => [
    `--param ${name}=${(fields.get(field) ?? '').toUpperCase()}`,
    ...wrap(
      `${exclude ? 'leaves out' : 'only'} these values of ${field}; ${required ? 'must be given' : defaultText(values)}`,
      columns - 6,
    ),
    ...wrap(about, columns - 6),
  ]);
  const text = lines.map((line) => `# ${line.startsWith('--param') ? '' : '    '}${line}\n`).join('');
  return lines.length === 0 ? '\n' : `\n\n# Parameters; each may be given several times\n${text}`;
}

function defaultText(values: readonly unknown[]): string {
  return values.length === 0 ? 'unset unless given' : `default ${values.join(', ')}`;
}
