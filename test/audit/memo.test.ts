import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoiseText, memoiseWords } from '../../src/audit/memo.ts';

describe('memoiseWords', () => {
  const word = fc.oneof(fc.constantFrom(undefined, '', '-', 'a', 'aa', 'undefined'), fc.string());

  it('answers as the function does, whatever was asked before', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(word, word, word), { maxLength: 60 }), (rows) => {
        const remembered = memoiseWords((row: readonly (string | undefined)[]) => JSON.stringify(row), Object.values);
        for (const row of rows) expect(remembered(row)).toBe(JSON.stringify(row));
      }),
    );
  });

  it('derives once for the same words, and again for every other', () => {
    let derived = 0;
    const remembered = memoiseWords(
      ([a, b]: readonly string[]) => {
        derived += 1;
        return `${a}${b}`;
      },
      (row) => row,
    );
    for (const row of [
      ['a', 'b'],
      ['a', 'c'],
      ['a', 'b'],
      ['ab', ''],
      ['a', 'b'],
    ])
      remembered(row);
    expect(derived).toBe(3);
  });

  it('does not keep what a client chose without end', () => {
    let derived = 0;
    const remembered = memoiseWords(
      (row: readonly string[]) => {
        derived += 1;
        return row;
      },
      (row) => row,
    );
    const long = 'x'.repeat(5000);
    remembered([long]);
    remembered([long]);
    expect(derived).toBe(2);
    remembered(['first']);
    for (let other = 0; other < 5000; other += 1) remembered([`${other}`]);
    remembered(['first']);
    expect(derived).toBe(2 + 1 + 5000 + 1);
  });
});

describe('memoiseText', () => {
  it('derives once for a text, and does not remember long ones', () => {
    let derived = 0;
    const remembered = memoiseText((text) => {
      derived += 1;
      return text.length;
    });
    expect([remembered('a'), remembered('a'), remembered('x'.repeat(5000)), remembered('x'.repeat(5000))]).toEqual([
      1, 1, 5000, 5000,
    ]);
    expect(derived).toBe(3);
  });
});
