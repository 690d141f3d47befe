import type { Argv } from 'yargs';
import { requireNamespace } from '../audit/indices.ts';
import { type Definition, type Library, parseParameters, parseWindow, type Scope } from '../query/index.ts';
import { KauditError } from '../shared/errors.ts';
import { didYouMean } from '../shared/near.ts';
import { mappedFields, stringsOf } from './query-library.ts';

/** The flags that choose the data, the parameters and the noise sets. */
export interface ScopeFlags {
  readonly from?: string;
  readonly to?: string;
  readonly cluster?: string;
  readonly namespace: string;
  readonly param?: readonly string[];
  /** Names of sets; `[false]` for --no-noise, as yargs has it. */
  readonly noise?: readonly (string | false)[];
}

/** One value each time: an array would also take the ids that follow it. */
export const repeated = { type: 'string', array: true, nargs: 1 } as const;

const LISTS: ReadonlySet<string> = new Set(['_', 'queries', 'param', 'noise', 'ids', 'files']);

/** Whether each option that takes one value was given once: the parser makes a list of two. */
export function givenOnce(args: Readonly<Record<string, unknown>>): true {
  const [twice] = Object.entries(args).find(([name, value]) => Array.isArray(value) && !LISTS.has(name)) ?? [];
  if (twice !== undefined) throw new Error(`--${twice} is given more than once: give it once.`);
  return true;
}

/** Options of what a run looks at. */
export function scopeOptions<T>(args: Argv<T>): Argv<T> {
  return questionOptions(args)
    .option('cluster', { type: 'string', describe: 'Only events of this Kubernetes cluster' })
    .option('namespace', { type: 'string', default: 'default', describe: 'Namespace of the index' });
}

/** Options that change the question, wherever the events are. */
export function questionOptions<T>(args: Argv<T>): Argv<T> {
  return args
    .option('from', {
      type: 'string',
      describe: 'Begin of the window: ISO time, UTC unless it names a zone, or now-24h; default all data',
    })
    .option('to', { type: 'string', describe: 'End of the window, not included' })
    .option('param', { ...repeated, describe: 'name=value of a parameter; may be repeated' })
    .option('noise', {
      ...repeated,
      describe: 'Use only this noise set; may be repeated. Default: all that an investigation names; --no-noise: none',
    });
}

export function scopeOf(
  flags: ScopeFlags,
  library: Library,
  definitions: readonly Definition[],
): Scope & { readonly namespace: string } {
  const { noise = [] } = flags;
  return {
    namespace: requireNamespace(flags.namespace),
    window: parseWindow(flags.from, flags.to, Date.now()),
    ...(flags.cluster !== undefined && { cluster: flags.cluster }),
    parameters: parseParameters(stringsOf(flags.param), definitions, mappedFields()),
    noise: noiseSets(library, noise),
    useNoise: !noise.includes(false),
  };
}

function noiseSets({ noise }: Library, chosen: readonly (string | false)[]): Library['noise'] {
  const names = chosen.filter((name) => name !== false);
  if (names.length === 0) return noise;
  const missing = names.find((name) => !noise.has(name));
  if (missing === undefined) return new Map([...noise].filter(([id]) => names.includes(id)));
  throw new KauditError('usage', `There is no noise set ${missing}.`, {
    hint: didYouMean(missing, noise.keys()) ?? `Noise sets: ${[...noise.keys()].join(', ')}.`,
  });
}
