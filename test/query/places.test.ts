import { describe, expect, it } from 'vitest';
import { readPlaces } from '../../src/query/places.ts';
import type { Ask } from '../../src/query/types.ts';
import { KauditError } from '../../src/shared/errors.ts';

const PLACE = { key: { index: 'kaudit-events-prod-2026.03', cluster: 'a' }, doc_count: 3, first: {}, last: {} };
const ANSWER = { timed_out: false, _shards: { failed: 0 }, hits: {}, aggregations: { all: { buckets: [PLACE] } } };

/** Refuses so many searches, and answers the next. */
function refusing(times: number, code: 'server-refused' | 'unauthorized'): { ask: Ask; asked: () => number } {
  let asked = 0;
  const ask: Ask = async () => {
    asked += 1;
    if (asked <= times) throw new KauditError(code, 'no such index');
    return ANSWER;
  };
  return { ask, asked: () => asked };
}

describe('the places that have events', () => {
  it('are asked for once more when an index goes away meanwhile', async () => {
    const { ask } = refusing(1, 'server-refused');
    expect(await readPlaces(ask)).toEqual([{ namespace: 'prod', cluster: 'a', events: 3 }]);
  });

  it('stay untold where the server refuses both', async () => {
    const { ask, asked } = refusing(2, 'server-refused');
    expect([await readPlaces(ask), asked()]).toEqual([undefined, 2]);
  });

  it('stay untold at once where the user may not look', async () => {
    const { ask, asked } = refusing(1, 'unauthorized');
    expect([await readPlaces(ask), asked()]).toEqual([undefined, 1]);
  });
});
