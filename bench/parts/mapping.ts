/** What each choice of the mapping costs the server, with the same documents; and what each leaf takes on disk. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { redirectBodies, sendCommand } from '../contenders/prebuilt.ts';
import { type Input, makeInput } from '../inputs.ts';
import { emptyDestination, freshJob, measureCommand, type Round } from '../measure.ts';
import { recordBodies } from '../recorded.ts';
import type { PartResult, Table } from '../result.ts';
import { bytesPerDocument, type Server } from '../server.ts';
import { interleave, median, spread } from '../statistics.ts';
import { leavesOf, type Variant, variants } from '../variants.ts';
import type { Workshop } from '../workshop.ts';

const EVENTS = 40_000;
const ROUNDS = 3;
const INDEX = 'bench-mapping';
const ROOT = join(import.meta.dirname, '../../..');

type Sample = Round & { readonly variant: string; readonly bytesPerDocument: number };

export async function mapping(workshop: Workshop): Promise<PartResult> {
  const { options, scratch, server } = workshop;
  const input = await makeInput(scratch, 'metadata', options.events ?? EVENTS);
  const bodies = join(scratch, 'redirected');
  await redirectBodies(await recordBodies(workshop, input), bodies, INDEX);
  const all = variants();
  const [ours] = all;
  if (ours !== undefined) await measureVariant(workshop, ours, input, bodies);
  const samples: Sample[] = [];
  let leaves: Table | undefined;
  await interleave(all, options.rounds ?? ROUNDS, async (variant, round) => {
    samples.push(await measureVariant(workshop, variant, input, bodies));
    if (variant === ours && round === 1) leaves = await leafTable(server, variant, input.events);
  });
  const of = (name: string): readonly Sample[] => samples.filter(({ variant }) => variant === name);
  const micros = (name: string): number => median(of(name).map(({ serverMicros }) => serverMicros));
  const bytes = (name: string): number => median(of(name).map(({ bytesPerDocument }) => bytesPerDocument));
  return {
    part: 'mapping',
    title: 'What the mapping costs',
    method: `${input.events} of kaudit's documents of Metadata events, built before; bytes when merged into one segment.`,
    tables: [
      {
        title: 'Variants',
        headers: ['', 'x server CPU', 'x bytes', 'server µs/doc', 'bytes/doc', 'docs/s', 'stored'],
        rows: all.map(({ name }) => [
          name,
          (micros(name) / micros('ours')).toFixed(2),
          (bytes(name) / bytes('ours')).toFixed(2),
          spread(
            of(name).map(({ serverMicros }) => serverMicros),
            1,
          ),
          bytes(name).toFixed(0),
          spread(of(name).map(({ eventsPerSecond }) => eventsPerSecond)),
          spread(of(name).map(({ stored }) => stored)),
        ]),
      },
      ...(leaves === undefined ? [] : [leaves]),
    ],
    checks: [],
    skipped: [],
    rounds: samples,
  };
}

async function measureVariant(
  workshop: Workshop,
  { name, body }: Variant,
  input: Input,
  bodies: string,
): Promise<Sample> {
  const destination = { index: INDEX, create: body };
  await emptyDestination(workshop, destination);
  const job = await freshJob(workshop, input, destination);
  const round = await measureCommand(workshop, { ...job, name, command: sendCommand(bodies, job) });
  return { ...round, variant: name, bytesPerDocument: await bytesPerDocument(workshop.server, INDEX) };
}

/** Bytes of each field, and how many investigations and aliases use it. */
async function leafTable({ ask }: Server, { body }: Variant, documents: number): Promise<Table> {
  await ask('POST', `/${INDEX}/_flush`);
  const usage = await ask('POST', `/${INDEX}/_disk_usage?run_expensive_tasks=true`);
  const fields = usage[INDEX]?.['fields'] ?? {};
  const investigations = readQueries();
  const aliases = Object.values(JSON.parse(readFileSync(join(ROOT, 'mappings/aliases.json'), 'utf8')) as object);
  const mapped = leavesOf(body.mappings.properties);
  const size = (name: string): number => Number(fields[name]?.['total_in_bytes'] ?? 0) / documents;
  const searchSize = (name: string): number => {
    const { inverted_index: terms, points_in_bytes: points } = fields[name] ?? {};
    return (Number(terms?.['total_in_bytes'] ?? 0) + Number(points ?? 0)) / documents;
  };
  const names = [...new Set([...mapped, ...Object.keys(fields)])].filter((name) => size(name) >= 0.05);
  const uses = (name: string): number =>
    investigations.filter((text) => new RegExp(`\\b${name.replaceAll('.', '\\.')}\\b`).test(text)).length;
  return {
    title: 'Leaves on disk',
    headers: ['Field', 'bytes/doc', 'of it for search', 'for columns', 'Investigations', 'Alias'],
    rows: names
      .sort((a, b) => size(b) - size(a))
      .map((name) => [
        name,
        size(name).toFixed(1),
        searchSize(name).toFixed(1),
        (Number(fields[name]?.['doc_values_in_bytes'] ?? 0) / documents).toFixed(1),
        mapped.includes(name) ? `${uses(name)}` : '',
        aliases.includes(name) ? 'yes' : '',
      ]),
  };
}

function readQueries(): readonly string[] {
  const folder = join(ROOT, 'queries');
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.yml'));
  return names.map((name) => readFileSync(join(folder, name), 'utf8'));
}
