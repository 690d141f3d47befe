/** kaudit beside what people use today: the same file, server and cores. */

import type { Contender } from '../contender.ts';
import { forwarders } from '../contenders/forwarders.ts';
import { elasticdump, javascript } from '../contenders/javascript.ts';
import { kaudit } from '../contenders/kaudit.ts';
import { go, python } from '../contenders/others.ts';
import { prebuilt } from '../contenders/prebuilt.ts';
import { DEFAULT, KAUDIT, mappedDestination } from '../destinations.ts';
import { type Input, type Kind, makeInput } from '../inputs.ts';
import { type Destination, type Inspection, inspect, measureLoad, type Round } from '../measure.ts';
import { atLeast, atMost, type Check, type PartResult, type Table } from '../result.ts';
import { interleave, median, rates, spread } from '../statistics.ts';
import { prepareAll, type Workshop } from '../workshop.ts';

const EVENTS = 40_000;
const ROUNDS = 3;

export type Mapping = 'kaudit' | 'default' | 'mapped';

interface Setting {
  readonly kind: Kind;
  readonly mapping: Mapping;
  readonly contender: Contender;
  readonly input: Input;
  readonly destination: Destination;
}

export interface PeerSample extends Round, Partial<Inspection> {
  readonly kind: Kind;
  readonly mapping: Mapping;
  readonly setsId: boolean;
  /** Sends what was built before: no loader, but the most that the server takes. */
  readonly ceiling: boolean;
}

export async function peers(workshop: Workshop): Promise<PartResult> {
  const { options, scratch, server } = workshop;
  const rivals = [...javascript, elasticdump(server.version), ...go, ...python, ...forwarders, prebuilt];
  const { ready, skipped } = await prepareAll(workshop, rivals);
  const events = options.events ?? EVENTS;
  const settings: Setting[] = [];
  for (const kind of ['metadata', 'mixed'] as const) {
    const input = await makeInput(scratch, kind, events);
    settings.push({ kind, input, mapping: 'kaudit', contender: kaudit, destination: KAUDIT });
    for (const contender of ready) settings.push({ kind, input, mapping: 'default', contender, destination: DEFAULT });
    if (kind === 'mixed') continue;
    for (const contender of ready) {
      settings.push({ kind, input, mapping: 'mapped', contender, destination: mappedDestination() });
    }
  }
  await wakeCompiler(workshop, settings);
  const samples: PeerSample[] = [];
  const failed = new Set<string>();
  await interleave(settings, options.rounds ?? ROUNDS, async (setting, round) => {
    // Bodies are about what is lost on the way, which one round shows.
    if (setting.kind === 'mixed' && round > 1) return;
    const { kind, mapping, contender, input, destination } = setting;
    const measured = await measureLoad(workshop, contender, input, destination);
    if (measured.stored === 0) {
      failed.add(`${contender.name} stored nothing (${kind}, ${mapping}): ${measured.output.trim().slice(-200)}`);
      return;
    }
    const found = round === 1 ? await inspect(workshop, input, destination.index) : {};
    const ceiling = contender === prebuilt;
    samples.push({ ...measured, ...found, kind, mapping, setsId: contender.setsId, ceiling });
  });
  return {
    part: 'peers',
    title: 'kaudit beside what people use today',
    method: `${events} events, from the start of the program until all can be searched; bytes when merged into one segment.`,
    tables: [
      table(
        samples,
        'metadata',
        'default',
        'Metadata events, mapping left to the server, as every peer does unless told',
      ),
      table(
        samples,
        'metadata',
        'mapped',
        "Metadata events, peers given kaudit's mapping of events; they write no facts",
      ),
      table(samples, 'mixed', 'default', 'A mix with bodies, mapping left to the server'),
      { title: 'Settings', headers: ['', ''], rows: [kaudit, ...ready].map(({ name, about }) => [name, about]) },
    ],
    checks: checksOf(samples),
    skipped: [...skipped, ...failed],
    rounds: samples,
  };
}

/** The JVM gets faster during its first loads: those are not measured. */
async function wakeCompiler(workshop: Workshop, settings: readonly Setting[]): Promise<void> {
  const mappings: readonly Mapping[] = ['default', 'mapped', 'kaudit'];
  for (const wanted of mappings) {
    const setting = settings.find(({ mapping }) => mapping === wanted);
    if (setting === undefined) continue;
    const { contender, input, destination } = setting;
    for (let time = 0; time < 2; time += 1) await measureLoad(workshop, contender, input, destination);
  }
}

function table(samples: readonly PeerSample[], kind: Kind, mapping: Mapping, title: string): Table {
  const shown = samples.filter((sample) => sample.kind === kind && [mapping, 'kaudit'].includes(sample.mapping));
  const names = [...new Set(shown.map(({ contender }) => contender))];
  const ours = rate(shown.filter((sample) => sample.mapping === 'kaudit'));
  const rows = names.map((name) => {
    const of = shown.filter(({ contender }) => contender === name);
    const numbers = (value: (sample: PeerSample) => number | undefined): readonly number[] =>
      of.map(value).filter((number) => number !== undefined);
    return [
      name,
      (ours / rate(of)).toFixed(2),
      rates(of.map(({ eventsPerSecond }) => eventsPerSecond)),
      spread(numbers(({ clientMicros }) => clientMicros)),
      spread(numbers(({ serverMicros }) => serverMicros)),
      spread(numbers(({ bytesPerDocument }) => bytesPerDocument)),
      spread(numbers(({ peakRssMb }) => peakRssMb)),
      spread(numbers(({ missing }) => missing)),
      spread(numbers(({ doubled }) => doubled)),
      [...new Set(of.map(({ code }) => code))].join(', '),
    ] as const;
  });
  return {
    title,
    headers: [
      '',
      'kaudit is x faster',
      'events/s',
      'client µs',
      'server µs',
      'bytes/doc',
      'RSS MB',
      'missing',
      'doubled',
      'exit',
    ],
    rows,
  };
}

export function rate(samples: readonly PeerSample[]): number {
  return median(samples.map(({ eventsPerSecond }) => eventsPerSecond));
}

function checksOf(samples: readonly PeerSample[]): readonly Check[] {
  const metadata = samples.filter(({ kind, ceiling }) => kind === 'metadata' && !ceiling);
  const ours = metadata.filter(({ mapping }) => mapping === 'kaudit');
  const best = (mapping: Mapping): number => {
    const rivals = metadata.filter((sample) => sample.mapping === mapping && sample.setsId);
    return Math.max(...rivals.map(({ contender }) => rate(rivals.filter((sample) => sample.contender === contender))));
  };
  const bytes = (of: readonly PeerSample[]): number =>
    median(of.flatMap(({ bytesPerDocument }) => (bytesPerDocument === undefined ? [] : [bytesPerDocument])));
  const defaults = metadata.filter(({ mapping }) => mapping === 'default');
  // Nothing that sets an id could be run, or not all of its mappings.
  if (!Number.isFinite(best('default')) || !Number.isFinite(best('mapped'))) return [];
  return [
    atLeast('Faster than the best that sets an id, as documented', rate(ours) / best('default'), 2.5),
    atLeast(
      "Faster than the best that sets an id, given kaudit's mapping and no facts",
      rate(ours) / best('mapped'),
      1.25,
    ),
    atMost('Bytes of a document, beside those of the default mapping', bytes(ours) / bytes(defaults), 0.5),
  ];
}
