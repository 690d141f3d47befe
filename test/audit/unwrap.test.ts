import { describe, expect, it } from 'vitest';
import { unwrap } from '../../src/audit/unwrap.ts';

const texts = (text: string): readonly string[] => {
  const unwrapped = unwrap(text);
  if (unwrapped.kind !== 'items') throw new Error(unwrapped.reason);
  for (const { text: itemText, value, offset } of unwrapped.items) {
    expect(JSON.parse(itemText)).toEqual(value);
    expect(text.slice(offset, offset + itemText.length)).toBe(itemText);
  }
  return unwrapped.items.map((item) => item.text);
};

describe('unwrap', () => {
  it('leaves a single event as it is', () => {
    expect(texts('{"auditID":"a"}')).toEqual(['{"auditID":"a"}']);
  });

  it('takes the items of an EventList out, each with its own bytes', () => {
    const text = '{"kind":"EventList","metadata":{"items":[9]},"items":[ {"a":1} ,{"items":[2]}]}';
    expect(texts(text)).toEqual(['{"a":1}', '{"items":[2]}']);
  });

  it('takes the elements of an array', () => {
    expect(texts('[{"a":[1,2]}, 7]')).toEqual(['{"a":[1,2]}', '7']);
  });

  it('does not take a response that is a list for an EventList', () => {
    expect(texts('{"kind":"SecretList","items":[1]}')).toHaveLength(1);
  });

  it('loses no item where "items" stands twice', () => {
    expect(texts('{"kind":"EventList","items":[1,2],"items":[3]}')).toEqual(['1', '2', '3']);
  });

  it('says when it is no JSON', () => {
    expect(unwrap('{"a":')).toEqual({ kind: 'unparseable', reason: 'not valid JSON' });
  });
});
