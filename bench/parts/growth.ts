/** Whether a load slows down as it goes on. */
import { kaudit } from '../contenders/kaudit.ts';
import { KAUDIT } from '../destinations.ts';
import { makeInput } from '../inputs.ts';
import { measureLoad, type Round } from '../measure.ts';
import { atLeast, type PartResult } from '../result.ts';
import type { Workshop } from '../workshop.ts';

const SHORT = 50_000;
const LONG = 1_000_000;
const TIMES = [1, 2, 4, 8];

export async function growth(workshop: Workshop): Promise<PartResult> {
  const { options, scratch } = workshop;
  const unit = options.events ?? (options.long ? LONG : SHORT);
  await measureLoad(workshop, kaudit, await makeInput(scratch, 'metadata', unit), KAUDIT);
  const rounds: Round[] = [];
  for (const times of TIMES) {
    rounds.push(await measureLoad(workshop, kaudit, await makeInput(scratch, 'metadata', unit * times), KAUDIT));
  }
  const first = rounds[0]?.eventsPerSecond ?? Number.NaN;
  const last = rounds.at(-1)?.eventsPerSecond ?? Number.NaN;
  return {
    part: 'growth',
    title: 'Speed as the load grows',
    method: `One load of each size into an empty index.${options.long ? '' : ' Short: --long takes 1 to 8 million events.'}`,
    tables: [
      {
        title: '',
        headers: ['Events', 'Ratio', 'events/s', 'client µs/event', 'server µs/event', 'RSS MB', 'stored'],
        rows: rounds.map((round) => [
          round.events.toLocaleString('en'),
          (round.eventsPerSecond / first).toFixed(2),
          `${(round.eventsPerSecond / 1000).toFixed(1)}k`,
          round.clientMicros.toFixed(1),
          round.serverMicros.toFixed(1),
          round.peakRssMb.toFixed(0),
          round.stored.toLocaleString('en'),
        ]),
      },
    ],
    checks: [atLeast('Speed of eight times as many events', last / first, 0.85)],
    skipped: [],
    rounds,
  };
}
