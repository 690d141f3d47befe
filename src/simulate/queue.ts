import type { SimulatedEvent } from './request.ts';

export interface Queue {
  readonly add: (event: SimulatedEvent) => void;
  /** The earliest event, if its time has come. */
  readonly takeUntil: (micros: number) => SimulatedEvent | undefined;
}

/** A binary heap by stage time. */
export function openQueue(): Queue {
  const heap: SimulatedEvent[] = [];
  const timeAt = (index: number): number => heap[index]?.micros ?? Number.POSITIVE_INFINITY;
  const swap = (a: number, b: number): void => {
    const [first, second] = [heap[a], heap[b]];
    if (first === undefined || second === undefined) return;
    heap[a] = second;
    heap[b] = first;
  };
  const sink = (): void => {
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      const child = timeAt(left + 1) < timeAt(left) ? left + 1 : left;
      if (timeAt(child) >= timeAt(at)) return;
      swap(child, at);
      at = child;
    }
  };
  return {
    add: (event) => {
      heap.push(event);
      for (let at = heap.length - 1; at > 0; ) {
        const parent = (at - 1) >> 1;
        if (timeAt(parent) <= timeAt(at)) return;
        swap(parent, at);
        at = parent;
      }
    },
    takeUntil: (micros) => {
      const first = heap[0];
      if (first === undefined || first.micros > micros) return undefined;
      const last = heap.pop();
      if (last !== undefined && heap.length > 0) {
        heap[0] = last;
        sink();
      }
      return first;
    },
  };
}
