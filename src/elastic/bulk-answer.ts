/** What the server says of the documents of a bulk request, by their positions and held against their ids. */
import type { BulkBody } from '../shared/bulk.ts';
import { isObject } from '../shared/json.ts';

export interface BulkItem {
  readonly id: string | undefined;
  readonly status: number;
  readonly type: string;
  readonly failureStore: boolean;
}

/** An item that says nothing of its document's fate. */
export const LOST_ITEM: BulkItem = { id: undefined, status: 500, type: 'unknown error', failureStore: false };

const BEGIN = '{"errors":false,"items":[';
const ID = '"_id":"';
const ACTION_END = '"}}\n';

/**
 * Whether this is word for word the answer that all these documents were created. Nearly every answer is: to make objects
 * of it, three for a document, would cost memory that lives just long enough to be expensive.
 */
export function saysAllCreated(answer: string, body: BulkBody, positions: readonly number[]): boolean {
  if (!answer.startsWith(BEGIN)) return false;
  let at = BEGIN.length;
  for (const position of positions) {
    const item = `{"create":{"_id":"${idAt(body, position)}","status":201}}`;
    if (!answer.startsWith(item, at)) return false;
    at += item.length;
    const next = answer[at];
    if (next !== ',' && next !== ']') return false;
    at += 1;
  }
  return answer.endsWith(']}') && at === answer.length - 1;
}

/** The id in an action line, as it is written there, which is at its end. */
function idAt({ bytes, documents }: BulkBody, position: number): string {
  const { start = 0, event = 0 } = documents[position] ?? {};
  const action = bytes.toString('latin1', start, event - ACTION_END.length);
  return action.slice(action.lastIndexOf(ID) + ID.length);
}

/** The items of an answer that are about these documents, one for each; undefined where it is about anything else. */
export function itemsOf(
  answer: unknown,
  body: BulkBody,
  positions: readonly number[],
): readonly BulkItem[] | undefined {
  const items = isObject(answer) && Array.isArray(answer['items']) ? answer['items'].map(readItem) : [];
  const fits = items.length === positions.length;
  return fits && positions.every((position, at) => isAbout(body, position, items[at])) ? items : undefined;
}

function isAbout({ bytes, documents }: BulkBody, position: number, item: BulkItem | undefined): boolean {
  const document = documents[position];
  if (document === undefined || item?.id === undefined) return false;
  return bytes.toString('latin1', document.start, document.event).endsWith(`${ID}${item.id}${ACTION_END}`);
}

function readItem(item: unknown): BulkItem {
  const result = isObject(item) ? Object.values(item)[0] : undefined;
  if (!isObject(result)) return LOST_ITEM;
  const { _id: id, status, error } = result;
  return {
    id: typeof id === 'string' ? id : undefined,
    status: typeof status === 'number' ? status : LOST_ITEM.status,
    type: isObject(error) ? String(error['type']) : LOST_ITEM.type,
    failureStore: result['failure_store'] === 'used',
  };
}
