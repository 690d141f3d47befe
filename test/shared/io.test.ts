import { describe, expect, it } from 'vitest';
import { broken } from '../../src/shared/io.ts';

describe('a line on a terminal', () => {
  it('is broken at blanks, and a word never', () => {
    expect(broken('one two three', 7)).toEqual(['one two', 'three']);
    expect(broken('see /a/very/long/path and go on', 10)).toEqual(['see', '/a/very/long/path', 'and go on']);
    expect(broken('short', 7)).toEqual(['short']);
  });

  it('keeps its margin', () => {
    expect(broken('  one two three', 9)).toEqual(['  one two', 'three']);
    expect(broken('  averylongword x', 9)).toEqual(['  averylongword', 'x']);
  });
});
