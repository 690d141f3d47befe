import { isObject } from '../shared/json.ts';
import { kql } from './scope.ts';
import type { Ask } from './types.ts';

/**
 * Why a part matches nothing: a field that is not mapped, or text that is no clause. A range of time that no event
 * falls into is rewritten to nothing as well, and is no mistake.
 */
const MISTAKE = /MatchNoDocsQuery\("(unmapped fields|User requested)/;

/**
 * What a server makes of a query: its problem, undefined where there is none. The index has our mapping and at least
 * one event, since dates of a query are read only then. Queries that can match nothing are taken, and told by how the
 * server explains them.
 */
export async function askServer(ask: Ask, index: string, query: string): Promise<string | undefined> {
  const answer = await ask('POST', `/${index}/_validate/query?explain=true`, { query: kql(query) });
  const explanations = isObject(answer) ? answer['explanations'] : undefined;
  const [first]: readonly unknown[] = Array.isArray(explanations) ? explanations : [];
  if (!isObject(first)) return 'the server gave no explanation';
  if (first['valid'] !== true) return `the server refuses it: ${String(first['error'])}`;
  const explanation = String(first['explanation']);
  return MISTAKE.test(explanation) ? `part of it matches nothing: ${explanation}` : undefined;
}
