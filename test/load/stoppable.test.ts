import { describe, expect, it } from 'vitest';
import { stoppable } from '../../src/load/stoppable.ts';
import { collect } from '../support/chunks.ts';

describe('stoppable', () => {
  it('gives everything when nobody stops it', async () => {
    const items = (async function* () {
      yield* [1, 2, 3];
    })();
    expect(await collect(stoppable(items, new AbortController().signal))).toEqual([1, 2, 3]);
  });

  it('ends while it waits for what never comes', async () => {
    const controller = new AbortController();
    const items = (async function* () {
      yield 1;
      controller.abort();
      await new Promise(() => {});
    })();
    expect(await collect(stoppable(items, controller.signal))).toEqual([1]);
  });

  it('asks for nothing more when it was stopped', async () => {
    const controller = new AbortController();
    const asked: number[] = [];
    const items = (async function* () {
      for (let at = 0; ; at += 1) {
        asked.push(at);
        yield at;
      }
    })();
    for await (const at of stoppable(items, controller.signal)) if (at === 1) controller.abort();
    expect(asked).toEqual([0, 1]);
  });

  it('throws what its source throws, and lets go of a source that is left', async () => {
    const { signal } = new AbortController();
    const failing = (async function* () {
      yield 1;
      throw new Error('no more');
    })();
    await expect(collect(stoppable(failing, signal))).rejects.toThrow('no more');
    let isClosed = false;
    const items = (async function* () {
      try {
        yield* [1, 2];
      } finally {
        isClosed = true;
      }
    })();
    for await (const _ of stoppable(items, signal)) break;
    expect(isClosed).toBe(true);
  });
});
