/** Cases that others publish with the rules they wrote: an event, and whether their rule reports it. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

export type Json = Readonly<Record<string, unknown>>;

export interface Case {
  /** What disagreements.yml calls it: `rule: test`. */
  readonly id: string;
  /** Without one, none of their rules may report it. */
  readonly rule: string | undefined;
  readonly test: string | undefined;
  readonly expected: boolean;
  readonly event: Json;
  /** Files of theirs that stand for a user's own lists, such as of images that are allowed. */
  readonly lists: readonly string[];
}

const line = z.object({
  rule: z.string().nullish(),
  test: z.string().nullish(),
  expected: z.boolean(),
  event: z.record(z.string(), z.unknown()),
  rules_files: z.array(z.string()).nullish(),
});

/** The cases of all `*.jsonl` in a folder. Throws where there is none, or where a line is no case. */
export async function readCases(folder: string): Promise<readonly Case[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.jsonl')).sort();
  if (files.length === 0) throw new Error(`There is no *.jsonl in ${folder}.`);
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')));
  return texts.flatMap((text) => text.trimEnd().split('\n').map(parseCase));
}

export function parseCase(text: string): Case {
  const { rule, test, expected, event, rules_files } = line.parse(JSON.parse(text));
  return {
    id: [rule ?? 'no rule', ...(test ? [test] : [])].join(': '),
    rule: rule ?? undefined,
    test: test ?? undefined,
    expected,
    event,
    lists: rules_files ?? [],
  };
}
