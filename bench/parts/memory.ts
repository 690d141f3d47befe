/** Memory must not grow with the input. */
import { kaudit } from '../contenders/kaudit.ts';
import { KAUDIT } from '../destinations.ts';
import { makeInput } from '../inputs.ts';
import { measureLoad, type Round } from '../measure.ts';
import { atMost, type PartResult } from '../result.ts';
import type { Workshop } from '../workshop.ts';

/** Events of one GB of Metadata. */
const GIGABYTE = 940_000;
const MOST_MB = 200;

export async function memory(workshop: Workshop): Promise<PartResult> {
  const { options, scratch } = workshop;
  const unit = options.events ?? GIGABYTE;
  const rounds: (Round & { readonly gigabytes: number })[] = [];
  for (const events of options.long ? [unit, 10 * unit] : [unit]) {
    const input = await makeInput(scratch, 'metadata', events);
    const round = await measureLoad(workshop, kaudit, input, KAUDIT);
    rounds.push({ ...round, gigabytes: input.bytes / 1e9 });
  }
  return {
    part: 'memory',
    title: 'Memory',
    method: `Peak resident memory of kaudit load, one load of each size.${options.long ? '' : ' --long takes 10 GB too.'}`,
    tables: [
      {
        title: '',
        headers: ['Input GB', 'Peak RSS MB', 'events/s', 'stored'],
        rows: rounds.map(({ gigabytes, peakRssMb, eventsPerSecond, stored }) => [
          gigabytes.toFixed(2),
          peakRssMb.toFixed(0),
          `${(eventsPerSecond / 1000).toFixed(1)}k`,
          stored.toLocaleString('en'),
        ]),
      },
    ],
    checks: rounds.map(({ gigabytes, peakRssMb }) =>
      atMost(`Peak MB while loading ${gigabytes.toFixed(2)} GB`, peakRssMb, MOST_MB),
    ),
    skipped: [],
    rounds,
  };
}
