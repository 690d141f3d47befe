import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bulkBodyOf } from '../../src/elastic/bulk.ts';
import { itemsOf, saysAllCreated } from '../../src/elastic/bulk-answer.ts';
import type { BulkBody } from '../../src/shared/bulk.ts';

/** Bulk bodies one after the other. */
function bodyOf(ids: readonly string[]): BulkBody {
  const all = ids.map((id) => bulkBodyOf('index', id, '{"a":1}'));
  let from = 0;
  const documents = all.flatMap(({ bytes, documents: own }) => {
    const moved = own.map(({ start, event, end }) => ({ start: from + start, event: from + event, end: from + end }));
    from += bytes.length;
    return moved;
  });
  return { bytes: Buffer.concat(all.map(({ bytes }) => bytes)), documents };
}

/** As Elasticsearch 9.5.3 answers with the filter of bulk.ts. */
function answerOf(items: readonly { readonly id: string; readonly status: number }[], errors = false): string {
  return JSON.stringify({ errors, items: items.map(({ id, status }) => ({ create: { _id: id, status } })) });
}

const created = (ids: readonly string[]): string => answerOf(ids.map((id) => ({ id, status: 201 })));
const everyOf = (ids: readonly string[]): readonly number[] => ids.map((_, position) => position);
const ids = fc.uniqueArray(fc.stringMatching(/^[\w~-]{1,40}$/), { minLength: 1, maxLength: 20 });

describe('saysAllCreated', () => {
  it('takes the answer that each of these documents was created', () => {
    fc.assert(fc.property(ids, (some) => saysAllCreated(created(some), bodyOf(some), everyOf(some))));
  });

  it('takes it of some of the documents', () => {
    const body = bodyOf(['a', 'b', 'c']);
    expect(saysAllCreated(created(['a', 'c']), body, [0, 2])).toBe(true);
    expect(saysAllCreated(created(['a', 'c']), body, [0, 1])).toBe(false);
  });

  it('takes no other answer: it agrees with the items, whatever was changed', () => {
    const changed = fc
      .tuple(ids, fc.nat(), fc.constantFrom('drop', 'swap', 'status', 'cut', 'more', 'errors', 'other'))
      .map(([some, where, how]) => {
        const at = where % some.length;
        const items = some.map((id) => ({ id, status: 201 }));
        const item = items[at] ?? { id: '', status: 0 };
        if (how === 'drop') items.splice(at, 1);
        if (how === 'swap') items.reverse();
        if (how === 'status') items[at] = { ...item, status: 409 };
        if (how === 'more') items.push({ id: 'more', status: 201 });
        if (how === 'other') items[at] = { ...item, id: `${item.id}x` };
        const answer = answerOf(items, how === 'errors');
        return { some, answer: how === 'cut' ? answer.slice(0, -1 - (where % answer.length)) : answer };
      });
    fc.assert(
      fc.property(changed, ({ some, answer }) => {
        const body = bodyOf(some);
        const positions = everyOf(some);
        // An order that reads the same backwards is no change.
        const same = answer === created(some);
        expect(saysAllCreated(answer, body, positions)).toBe(same);
        if (same) expect(itemsOf(JSON.parse(answer), body, positions)?.length).toBe(some.length);
      }),
    );
  });
});
