import { isObject } from '../audit/event.ts';
import { kql } from './scope.ts';
import type { Ask } from './types.ts';

/**
 * What a server makes of a query against an index with our mapping: its problem, undefined where there is none.
 * The server also takes queries that can match nothing, and shows it in how it explains them.
 */
export async function askServer(ask: Ask, index: string, query: string): Promise<string | undefined> {
  const answer = await ask('POST', `/${index}/_validate/query?explain=true`, { query: kql(query) });
  const explanations = isObject(answer) ? answer['explanations'] : undefined;
  const [first]: readonly unknown[] = Array.isArray(explanations) ? explanations : [];
  if (!isObject(first)) return 'the server gave no explanation';
  if (first['valid'] !== true) return `the server refuses it: ${String(first['error'])}`;
  const explanation = String(first['explanation']);
  return explanation.includes('MatchNoDocsQuery') ? `part of it matches nothing: ${explanation}` : undefined;
}
