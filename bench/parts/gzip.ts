/** Compressed input should cost no more than a little. */
import { kaudit } from '../contenders/kaudit.ts';
import { KAUDIT } from '../destinations.ts';
import { gzipped, makeInput } from '../inputs.ts';
import { measureLoad, type Round } from '../measure.ts';
import { atLeast, type PartResult } from '../result.ts';
import { interleave, median, rates, spread } from '../statistics.ts';
import type { Workshop } from '../workshop.ts';

const EVENTS = 100_000;
const ROUNDS = 5;

export async function gzip(workshop: Workshop): Promise<PartResult> {
  const { options, scratch } = workshop;
  const plain = await makeInput(scratch, 'metadata', options.events ?? EVENTS);
  const inputs = { plain, gzip: await gzipped(plain) };
  await measureLoad(workshop, kaudit, plain, KAUDIT);
  const rounds: (Round & { readonly input: 'plain' | 'gzip' })[] = [];
  await interleave(['plain', 'gzip'] as const, options.rounds ?? ROUNDS, async (input) => {
    rounds.push({ input, ...(await measureLoad(workshop, kaudit, inputs[input], KAUDIT)) });
  });
  const of = (input: string): readonly Round[] => rounds.filter((round) => round.input === input);
  const rateOf = (input: string): number => median(of(input).map(({ eventsPerSecond }) => eventsPerSecond));
  const ratio = rateOf('gzip') / rateOf('plain');
  return {
    part: 'gzip',
    title: 'Compressed input',
    method: `${plain.events} Metadata events, ${(plain.bytes / inputs.gzip.bytes).toFixed(1)} : 1.`,
    tables: [
      {
        title: '',
        headers: ['Input', 'Ratio', 'events/s', 'client µs/event'],
        rows: ['plain', 'gzip'].map((input) => [
          input,
          (rateOf(input) / rateOf('plain')).toFixed(2),
          rates(of(input).map(({ eventsPerSecond }) => eventsPerSecond)),
          spread(
            of(input).map(({ clientMicros }) => clientMicros),
            1,
          ),
        ]),
      },
    ],
    checks: [atLeast('Speed of gzip beside plain', ratio, 0.9)],
    skipped: [],
    rounds,
  };
}
