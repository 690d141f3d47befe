import { describe, expect, it } from 'vitest';
import { openTrail } from '../../src/load/trail.ts';
import { collect } from '../support/chunks.ts';

describe('a trail', () => {
  it('says what stood before a place, also one within a chunk', async () => {
    const trail = openTrail();
    await collect(trail.pass(chunksOf('first\n', 'second\nthird')));
    expect(trail.before(13).toString()).toBe('first\nsecond\n');
    expect(trail.head().toString()).toBe('first\nsecond\nthird');
  });

  it('keeps nothing once nobody will ask any more, also of what is still to pass', async () => {
    const trail = openTrail();
    const passing = trail.pass(chunksOf('first\n', 'second\n'));
    await passing.next();
    trail.close();
    expect((await passing.next()).value?.toString()).toBe('second\n');
    expect(trail.before(13).length).toBe(0);
  });
});

async function* chunksOf(...texts: readonly string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text);
}
