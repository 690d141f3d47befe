import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { streamItems } from '../../src/load/stream.ts';
import { chunked, collect } from '../support/chunks.ts';

const items = async (text: string, sizes: readonly number[] = [7]): Promise<readonly string[]> =>
  (await collect(streamItems(chunked(Buffer.from(text), sizes)))).map((item) => item.text);

describe('streamItems', () => {
  it('gives the elements of an EventList or array, and values that stand one after another', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 });
    const value = fc.dictionary(fc.string(), fc.jsonValue());
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 5 }), sizes, async (values, cuts) => {
        const lists = ['items', 'records', 'logEvents', 'events', 'results', 'streams', 'hits', 'data'];
        const plain = values.filter((one) => !lists.some((name) => typeof one[name] === 'object'));
        const expected = values.map((one) => JSON.stringify(one));
        const list = { metadata: { items: [1] }, items: values, kind: 'EventList' };
        expect(await items(JSON.stringify(list, null, 2), cuts)).toEqual(expected);
        expect(await items(JSON.stringify(values, null, 2), cuts)).toEqual(expected);
        expect(await items(plain.map((one) => JSON.stringify(one, null, 2)).join('\n'), cuts)).toEqual(
          plain.map((one) => JSON.stringify(one)),
        );
      }),
    );
  });

  it('says how a document begins and ends that holds one element alone, with the names beside it', async () => {
    const value = { a: [1] };
    const lists: readonly object[] = [
      { kind: 'EventList', items: [value, value] },
      { records: [value, value] },
      { messageType: 'DATA_MESSAGE', logGroup: 'g', logEvents: [value, value] },
      { events: [value, value] },
      { results: [value, value] },
      { streams: [value, value] },
      { hits: { hits: [value, value] } },
      { data: { result: [value, value] } },
      [value, value],
    ];
    for (const list of lists) {
      const found = await collect(streamItems(chunked(Buffer.from(JSON.stringify(list)), [9])));
      const alone: unknown = JSON.parse(JSON.stringify(list).replace(',{"a":[1]}', ''));
      expect(found.map(({ before, text, after }) => JSON.parse(before + text + after) as unknown)).toEqual([
        alone,
        alone,
      ]);
    }
  });

  it('is bounded in what it keeps beside the elements', async () => {
    const names = Array.from({ length: 1000 }, (_, index) => `"n${index}":"x"`).join(',');
    const [item] = await collect(
      streamItems(chunked(Buffer.from(`{"long":"${'x'.repeat(9999)}",${names},"items":[1]}`), [99])),
    );
    expect(item?.before.length).toBeLessThan(1000);
  });

  it('keeps the beginning of what is longer than the longest, whatever it is, and goes on behind it', async () => {
    const long = { kind: 'other', numbers: Array.from({ length: 100_000 }, (_, at) => at) };
    const short = { a: 1 };
    for (const text of [
      JSON.stringify([short, long, short]),
      JSON.stringify({ items: [short, long, short] }),
      [short, long, short].map((value) => JSON.stringify(value, null, 1)).join('\n'),
    ]) {
      const found = await collect(streamItems(chunked(Buffer.from(text), [1000]), 200_000));
      expect(found.map(({ overlong, length }) => [overlong, length])).toEqual([
        [false, 7],
        [true, JSON.stringify(long).length],
        [false, 7],
      ]);
      expect(found[1]?.text).toBe(JSON.stringify(long).slice(0, 64 * 1024));
    }
  });

  it('gives up at a string that the parser would have to hold', async () => {
    const got: string[] = [];
    const endless = (async function* () {
      yield Buffer.from('[{"a":1},{"b":"');
      for (;;) yield Buffer.alloc(1000, 'x');
    })();
    const read = async (): Promise<void> => {
      for await (const item of streamItems(endless, 10_000)) got.push(item.text);
    };
    await expect(read()).rejects.toThrow('a string of more than 10,000 characters');
    expect(got).toEqual(['{"a":1}']);
  });

  it('keeps the digits of numbers, and keys that other writers lose', async () => {
    expect(await items('[{"n":12345678901234567890,"f":1.10,"__proto__":1,"a":1,"a":2}]')).toEqual([
      '{"n":12345678901234567890,"f":1.10,"__proto__":1,"a":1,"a":2}',
    ]);
  });

  it('delivers what is before the place where the JSON breaks', async () => {
    const got: string[] = [];
    const read = async (): Promise<void> => {
      for await (const item of streamItems(chunked(Buffer.from('[{"a":1},{"b":2},{"c":'), [5]))) got.push(item.text);
    };
    await expect(read()).rejects.toThrow();
    expect(got).toEqual(['{"a":1}', '{"b":2}']);
  });
});
