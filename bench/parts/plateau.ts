/** How close a load comes to the most that the server takes: the same documents, built before. */
import { kaudit } from '../contenders/kaudit.ts';
import { sendCommand } from '../contenders/prebuilt.ts';
import { KAUDIT } from '../destinations.ts';
import { makeInput, warm } from '../inputs.ts';
import { emptyDestination, freshJob, measureCommand, measureLoad, type Round } from '../measure.ts';
import { recordBodies } from '../recorded.ts';
import { atLeast, type PartResult } from '../result.ts';
import { interleave, median, rates, spread } from '../statistics.ts';
import type { Workshop } from '../workshop.ts';

const EVENTS = 100_000;
const ROUNDS = 5;
const SENDERS = [2, 4];

export async function plateau(workshop: Workshop): Promise<PartResult> {
  const { options, scratch, server } = workshop;
  const input = await makeInput(scratch, 'metadata', options.events ?? EVENTS);
  const bodies = await recordBodies(workshop, input);
  // Also puts the mapping in place, and wakes the server's compiler.
  await measureLoad(workshop, kaudit, input, KAUDIT);
  const indices = Object.keys(await server.ask('GET', `/${KAUDIT.index}/_settings`));

  const rounds: Round[] = [];
  const load = async (): Promise<Round> => await measureLoad(workshop, kaudit, input, KAUDIT);
  const senders = SENDERS.map((inFlight) => async (): Promise<Round> => {
    await emptyDestination(workshop, KAUDIT);
    for (const index of indices) await server.ask('PUT', `/${index}`, {});
    const job = await freshJob(workshop, input, KAUDIT);
    await warm(input);
    const command = sendCommand(bodies, job, inFlight);
    return await measureCommand(workshop, { ...job, name: `built before, ${inFlight} in flight`, command });
  });
  await interleave([load, ...senders], options.rounds ?? ROUNDS, async (measure) => {
    rounds.push(await measure());
  });

  const names = [...new Set(rounds.map(({ contender }) => contender))];
  const rateOf = (name: string): number => median(of(rounds, name).map(({ eventsPerSecond }) => eventsPerSecond));
  const best = Math.max(...names.filter((name) => name !== kaudit.name).map(rateOf));
  return {
    part: 'plateau',
    title: 'kaudit load beside the most that the server takes',
    method: `${input.events} Metadata events; the sender gets kaudit's own request bodies, recorded, and an index that is there.`,
    tables: [
      {
        title: '',
        headers: ['', 'Share of the plateau', 'events/s', 'client µs/event', 'server µs/event', 'stored'],
        rows: names.map((name) => [
          name,
          (rateOf(name) / best).toFixed(2),
          rates(of(rounds, name).map(({ eventsPerSecond }) => eventsPerSecond)),
          spread(
            of(rounds, name).map(({ clientMicros }) => clientMicros),
            1,
          ),
          spread(
            of(rounds, name).map(({ serverMicros }) => serverMicros),
            1,
          ),
          spread(of(rounds, name).map(({ stored }) => stored)),
        ]),
      },
    ],
    checks: [atLeast('kaudit load reaches the plateau', rateOf(kaudit.name) / best, 0.85)],
    skipped: [],
    rounds,
  };
}

function of(rounds: readonly Round[], name: string): readonly Round[] {
  return rounds.filter(({ contender }) => contender === name);
}
