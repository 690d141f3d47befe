import { parseDocument } from 'yaml';
import { messageOf } from '../shared/errors.ts';

/** Problems of a file, each a line to read; none: it is valid. */
export type Problems = readonly string[];

export interface ReadYaml {
  readonly value: unknown;
  readonly problems: Problems;
}

const LARGEST = 256 * 1024;

/**
 * Reads one YAML document of plain values. Folders of queries come from anywhere, so tags and aliases are refused: what
 * a reader sees is what runs.
 */
export function readYaml(source: string): ReadYaml {
  if (source.length > LARGEST) return { value: undefined, problems: ['larger than 256 KiB'] };
  const document = parseDocument(source, { version: '1.2', schema: 'core', uniqueKeys: true });
  const problems = [...document.errors, ...document.warnings].map(({ message }) => message.split('\n')[0] ?? message);
  if (problems.length > 0) return { value: undefined, problems };
  try {
    return { value: document.toJS({ maxAliasCount: 0 }), problems: [] };
  } catch (error) {
    return { value: undefined, problems: [messageOf(error)] };
  }
}
