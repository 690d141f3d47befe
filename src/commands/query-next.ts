import { resolve } from 'node:path';
import type { Investigation } from '../query/index.ts';
import type { RenderOptions } from '../report/index.ts';
import { isFile, stringsOf } from './query-library.ts';
import type { ScopeFlags } from './query-scope.ts';

export interface NextFlags extends Partial<ScopeFlags> {
  readonly ids?: readonly string[];
  readonly queries?: readonly string[];
}

type CommandsFor = NonNullable<RenderOptions['commandsFor']>;

/** The commands that ask the same of one of these investigations again, for a shell. */
export function commandsFor(flags: NextFlags, investigations: readonly Investigation[]): CommandsFor {
  return (id) => {
    const one = investigations.find(({ definition }) => definition.id === id);
    const files = stringsOf(flags.ids).filter(isFile);
    const name = files.find((path) => one !== undefined && resolve(path) === resolve(one.file)) ?? id;
    const where = stringsOf(flags.queries).flatMap((folder) => ['--queries', folder]);
    const command = (...words: readonly string[]): string =>
      ['kaudit', 'query', ...words, ...where].map(quoted).join(' ');
    return [command('run', name, ...scopeWords(flags, one)), command('show', name)];
  };
}

function scopeWords(flags: NextFlags, one: Investigation | undefined): readonly string[] {
  const { namespace, cluster, from, to, noise = [] } = flags;
  const single = { namespace: namespace === 'default' ? undefined : namespace, cluster, from, to };
  // One that the investigation does not have would be an error there.
  const parameters = stringsOf(flags.param).filter((text) =>
    Object.hasOwn(one?.definition.parameters ?? {}, text.split('=')[0] ?? ''),
  );
  return [
    ...Object.entries(single).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value])),
    ...parameters.flatMap((text) => ['--param', text]),
    ...noise.flatMap((set) => (set === false ? ['--no-noise'] : ['--noise', set])),
  ];
}

/** A word as a POSIX shell takes it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
