/** What an event costs on the client, where the server is no limit: a sink takes everything, on a core of its own. */
import { cpus } from 'node:os';
import { join } from 'node:path';
import { requireProgram } from '../contenders/install.ts';
import { loadCommand } from '../contenders/kaudit.ts';
import { type Input, type Kind, makeInput, warm } from '../inputs.ts';
import type { PartResult } from '../result.ts';
import { type Ran, run } from '../run.ts';
import { interleave, median, rates, spread } from '../statistics.ts';
import { freshFolder, requireCreated, startSink, type Workshop } from '../workshop.ts';

const EVENTS: readonly (readonly [Kind, number])[] = [
  ['metadata', 100_000],
  ['bodies', 5_000],
];
const ROUNDS = 5;
/** kaudit load of this many events is what starting and ending cost. */
const ALMOST_NONE = 1;
const JSON_PARSE = join(import.meta.dirname, '../json-parse.js');

interface Sample {
  readonly kind: Kind;
  readonly events: number;
  readonly eventsPerSecond: number;
  readonly startMicros: number;
  readonly micros: number;
  readonly parseMicros: number;
}

export async function cpu(workshop: Workshop): Promise<PartResult> {
  const { options, scratch } = workshop;
  const cores = await pinning();
  const inputs = await Promise.all(EVENTS.map(([kind, events]) => makeInput(scratch, kind, sizeOf(kind, events))));
  const nothing = await makeInput(scratch, 'metadata', ALMOST_NONE);
  const sink = await startSink([], cores.sink);
  const load = async (input: Input): Promise<Ran> => {
    const target = { url: sink.url, username: 'nobody', password: 'nothing' };
    await warm(input);
    const ran = await run({
      ...loadCommand(input.path, target, await freshFolder(workshop, 'state')),
      ...cores.client,
    });
    requireCreated(ran, input.events);
    return ran;
  };
  const samples: Sample[] = [];
  try {
    await load(nothing);
    await interleave(EVENTS, options.rounds ?? ROUNDS, async ([kind]) => {
      const input = inputs[EVENTS.findIndex(([other]) => other === kind)] ?? nothing;
      const start = await load(nothing);
      const all = await load(input);
      await warm(input);
      const parsed = await run({ argv: [process.execPath, JSON_PARSE, input.path], ...cores.client });
      const events = input.events - nothing.events;
      samples.push({
        kind,
        events: input.events,
        eventsPerSecond: events / (all.seconds - start.seconds),
        startMicros: start.cpuMicros,
        micros: (all.cpuMicros - start.cpuMicros) / events,
        parseMicros: Number(parsed.output),
      });
      workshop.say(`${kind}: ${((all.cpuMicros - start.cpuMicros) / events).toFixed(1)} µs/event`);
    });
  } finally {
    sink.stop();
  }
  const kinds = EVENTS.map(([kind], at) => ({ kind, input: inputs[at], of: samples.filter((s) => s.kind === kind) }));
  return {
    part: 'cpu',
    title: "kaudit's own CPU for an event",
    method: `User and system CPU of kaudit load into a sink, less that of loading one event; JSON.parse of the same lines in the same rounds. ${cores.about}`,
    tables: [
      {
        title: '',
        headers: [
          'Events',
          'Bytes each',
          'x JSON.parse',
          'kaudit µs/event',
          'JSON.parse µs/event',
          'events/s',
          'Start-up ms',
        ],
        rows: kinds.map(({ kind, input, of }) => [
          kind,
          ((input?.bytes ?? 0) / (input?.events ?? 1)).toFixed(0),
          ratioToParse(of).toFixed(1),
          spread(
            of.map(({ micros }) => micros),
            1,
          ),
          spread(
            of.map(({ parseMicros }) => parseMicros),
            1,
          ),
          rates(of.map(({ eventsPerSecond }) => eventsPerSecond)),
          spread(of.map(({ startMicros }) => startMicros / 1000)),
        ]),
      },
    ],
    checks: [],
    skipped: [],
    rounds: samples,
  };

  function sizeOf(kind: Kind, usual: number): number {
    if (options.events === undefined) return usual;
    return kind === 'bodies' ? Math.max(1, Math.round(options.events / 20)) : options.events;
  }
}

/** Within a round: both were measured within seconds of each other. */
function ratioToParse(samples: readonly Sample[]): number {
  return median(samples.map(({ micros, parseMicros }) => micros / parseMicros));
}

async function pinning(): Promise<{ client: { core?: number }; sink: number | undefined; about: string }> {
  const possible = cpus().length > 1 && (await requireProgram('taskset').then(Boolean, () => false));
  if (!possible) return { client: {}, sink: undefined, about: 'Not pinned to cores.' };
  return { client: { core: 0 }, sink: 1, about: 'kaudit on one core, the sink on another.' };
}
