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
  const load = async (events: number): Promise<Round> =>
    await measureLoad(workshop, kaudit, await makeInput(scratch, 'metadata', events), KAUDIT);
  await load(unit);
  const rounds: (Round & { readonly ratio: number })[] = [];
  for (const times of TIMES) {
    // A shared machine is not the same an hour later: each size is held against the smallest, loaded right behind it.
    const round = await load(unit * times);
    const beside = await load(unit);
    rounds.push({ ...round, ratio: round.eventsPerSecond / beside.eventsPerSecond });
  }
  return {
    part: 'growth',
    title: 'Speed as the load grows',
    method: `One load of each size into an empty index, and one of ${unit.toLocaleString('en')} events right behind it.${options.long ? '' : ' Short: --long takes 1 to 8 million events.'}`,
    tables: [
      {
        title: '',
        headers: ['Events', 'Ratio', 'events/s', 'client µs/event', 'server µs/event', 'RSS MB', 'stored'],
        rows: rounds.map((round) => [
          round.events.toLocaleString('en'),
          round.ratio.toFixed(2),
          `${(round.eventsPerSecond / 1000).toFixed(1)}k`,
          round.clientMicros.toFixed(1),
          round.serverMicros.toFixed(1),
          round.peakRssMb.toFixed(0),
          round.stored.toLocaleString('en'),
        ]),
      },
    ],
    checks: [atLeast('Speed of eight times as many events', rounds.at(-1)?.ratio ?? Number.NaN, 0.85)],
    skipped: [],
    rounds,
  };
}
