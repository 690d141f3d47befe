/** What threads that help to read are worth, where the server is no limit: a sink takes everything. */
import { availableParallelism } from 'node:os';
import { loadCommand } from '../contenders/kaudit.ts';
import { makeInput, warm } from '../inputs.ts';
import type { PartResult } from '../result.ts';
import { run } from '../run.ts';
import { interleave, median, rates, spread } from '../statistics.ts';
import { freshFolder, requireCreated, startSink, type Workshop } from '../workshop.ts';

const EVENTS = 400_000;
const ROUNDS = 5;
const COUNTS = [0, 1, 2, 4];

interface Sample {
  readonly threads: number;
  readonly eventsPerSecond: number;
  readonly micros: number;
  readonly peakRssMb: number;
}

export async function threads(workshop: Workshop): Promise<PartResult> {
  const { options, scratch } = workshop;
  const cores = availableParallelism();
  const input = await makeInput(scratch, 'metadata', options.events ?? EVENTS);
  const counts = COUNTS.filter((count) => count <= cores);
  const sink = await startSink([]);
  const rounds: Sample[] = [];
  try {
    await interleave(counts, options.rounds ?? ROUNDS, async (count) => {
      await warm(input);
      const target = { url: sink.url, username: 'nobody', password: 'nothing' };
      const state = await freshFolder(workshop, 'state');
      const ran = await run(loadCommand(input.path, target, state, ['--threads', String(count)]));
      requireCreated(ran, input.events);
      const eventsPerSecond = input.events / ran.seconds;
      rounds.push({
        threads: count,
        eventsPerSecond,
        micros: ran.cpuMicros / input.events,
        peakRssMb: ran.peakRssBytes / 1e6,
      });
      workshop.say(`${count} threads: ${Math.round(eventsPerSecond)} events/s`);
    });
  } finally {
    sink.stop();
  }
  const of = (count: number): readonly Sample[] => rounds.filter((round) => round.threads === count);
  const rateOf = (count: number): number => median(of(count).map(({ eventsPerSecond }) => eventsPerSecond));
  return {
    part: 'threads',
    title: 'Threads that help to read',
    method: `${input.events} Metadata events into a sink, which shares ${cores} cores with kaudit; start-up included.`,
    tables: [
      {
        title: '',
        headers: ['--threads', 'x as fast', 'events/s', 'kaudit µs/event', 'Peak RSS MB'],
        rows: counts.map((count) => [
          String(count),
          (rateOf(count) / rateOf(0)).toFixed(2),
          rates(of(count).map(({ eventsPerSecond }) => eventsPerSecond)),
          spread(
            of(count).map(({ micros }) => micros),
            1,
          ),
          spread(of(count).map(({ peakRssMb }) => peakRssMb)),
        ]),
      },
    ],
    checks: [],
    skipped: [],
    rounds,
  };
}
