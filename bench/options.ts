import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

export const PARTS = [
  'plateau',
  'cpu',
  'threads',
  'peers',
  'faults',
  'gzip',
  'growth',
  'memory',
  'mapping',
  'library',
] as const;
export type PartName = (typeof PARTS)[number];

export interface Options {
  readonly parts: readonly PartName[];
  /** Undefined: each part's own size. */
  readonly events: number | undefined;
  readonly rounds: number | undefined;
  /** Also the sizes that take long: 8 million events, 10 GB. */
  readonly long: boolean;
  readonly json: boolean;
  /** Write what was measured into the README. */
  readonly readme: boolean;
  /** Names of contenders to run; empty: all. */
  readonly only: readonly string[];
  /** Folder for inputs, the server and what the contenders install; kept from run to run. */
  readonly scratch: string;
}

export const USAGE = `npm run bench -- [PART..] [--events N] [--rounds N] [--long] [--only NAME] [--json] [--readme] [--scratch DIR]
Parts: ${PARTS.join(', ')}; all of them when none is named.
`;

/** The command line cannot be understood. */
export class UsageError extends Error {}

export function readOptions(argv: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      events: { type: 'string' },
      rounds: { type: 'string' },
      long: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      readme: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      scratch: { type: 'string', default: join(tmpdir(), 'kaudit-bench') },
    },
  });
  const unknown = positionals.filter((name) => !isPart(name));
  if (unknown.length > 0) throw new UsageError(`No part of the benchmark has the name ${unknown.join(', ')}.`);
  return {
    ...values,
    parts: positionals.length === 0 ? PARTS : positionals.filter(isPart),
    events: count('events', values.events),
    rounds: count('rounds', values.rounds),
  };
}

function isPart(name: string): name is PartName {
  return PARTS.some((part) => part === name);
}

function count(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new UsageError(`--${name} takes a whole number above 0, not ${text}.`);
}
