/** What a thread of the pool runs: makes documents of lines, one task after the other. */
import { parentPort } from 'node:worker_threads';
import { type Parcel, parcelOf, type Task } from './parcel.ts';

/** A task, and the number that its answer has to have. */
export interface Order {
  readonly number: number;
  readonly task: Task;
}

/** The answer to an order. */
export interface Answer {
  readonly number: number;
  readonly parcel: Parcel | undefined;
}

parentPort?.on('message', ({ number, task }: Order) => {
  const answer = (parcel: Parcel | undefined): void => parentPort?.postMessage({ number, parcel } satisfies Answer);
  // What fails here fails again for who asked, who can say of which line.
  void parcelOf(task).then(answer, () => answer(undefined));
});
