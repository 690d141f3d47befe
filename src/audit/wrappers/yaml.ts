import { parseAllDocuments } from 'yaml';
import { messageOf } from '../../shared/errors.ts';
import { isObject } from '../../shared/json.ts';
import { type Place, placeAt, unwrapText } from './unwrap.ts';
import type { Piece } from './wrapping.ts';

/** How a YAML document begins, and what one that holds events has somewhere in it, unlike policies and manifests. */
const BEGINNING = /^(?:---|#|- |[A-Za-z][\w.-]*:)/;
const MARK = /(?:^|[\s{,-])(?:auditID|protoPayload):/m;

export function looksLikeYaml(text: string): boolean {
  return BEGINNING.test(text.trimStart()) && MARK.test(text);
}

/** The events of YAML documents. Their JSON is written anew; integers keep their digits. */
export function unwrapYaml(text: string): readonly Piece[] {
  const place: Place = { ...placeAt(0), format: 'yaml' };
  try {
    const documents = parseAllDocuments(text, { intAsBigInt: true, uniqueKeys: false, prettyErrors: false });
    return documents.flatMap((document): readonly Piece[] => {
      const offset = document.range[0];
      const [error] = document.errors;
      if (error !== undefined)
        return [{ kind: 'unparseable', reason: `YAML: ${error.message}`, offset, text: text.slice(offset) }];
      const value: unknown = document.toJS({ maxAliasCount: 100 });
      if (value === null) return [{ kind: 'skipped', what: 'empty YAML document' }];
      return unwrapText(json(value), { ...place, offset });
    });
  } catch (error) {
    // Without pretty errors, which quote the text: aliases that multiply, or nesting deeper than the parser's stack.
    return [{ kind: 'unparseable', reason: `YAML: ${messageOf(error)}`, offset: 0, text }];
  }
}

function json(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return `[${value.map(json).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? 'null';
  return `{${Object.entries(value)
    .map(([key, member]) => `${JSON.stringify(key)}:${json(member)}`)
    .join(',')}}`;
}
