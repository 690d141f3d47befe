import { bulkBodyOf } from '../../src/elastic/index.ts';
import type { BulkBody } from '../../src/shared/bulk.ts';

/** The body of a request for several documents. */
export function bulkBodyOfAll(
  documents: readonly { readonly index: string; readonly id: string; readonly json: string }[],
): BulkBody {
  const bodies = documents.map(({ index, id, json }) => bulkBodyOf(index, id, json));
  let from = 0;
  const places = bodies.flatMap((body) => {
    const start = from;
    from += body.bytes.length;
    return body.documents.map(({ event, end }) => ({ start, event: start + event, end: start + end }));
  });
  return { bytes: Buffer.concat(bodies.map(({ bytes }) => bytes)), documents: places };
}
