/** Measures kaudit beside what people use today. See options.ts for what can be set. */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { type Options, type PartName, readOptions, USAGE, UsageError } from './options.ts';
import { cpu } from './parts/cpu.ts';
import { faults } from './parts/faults.ts';
import { growth } from './parts/growth.ts';
import { gzip } from './parts/gzip.ts';
import { library } from './parts/library.ts';
import { mapping } from './parts/mapping.ts';
import { memory } from './parts/memory.ts';
import { peers } from './parts/peers.ts';
import { plateau } from './parts/plateau.ts';
import { threads } from './parts/threads.ts';
import { foreign, type Report, writeReadme } from './readme.ts';
import { type PartResult, renderPart } from './result.ts';
import { startServer } from './server.ts';
import type { Workshop } from './workshop.ts';

const MEASURE: Readonly<Record<PartName, (workshop: Workshop) => Promise<PartResult>>> = {
  plateau,
  cpu,
  threads,
  peers,
  faults,
  gzip,
  growth,
  memory,
  mapping,
  library,
};

const INTERRUPTED = 130;

async function main(options: Options): Promise<void> {
  const { scratch } = options;
  await mkdir(scratch, { recursive: true });
  const say = (line: string): void => console.error(line);
  say('starting Elasticsearch');
  const server = await startServer(scratch);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void server.stop().finally(() => process.exit(INTERRUPTED)));
  }
  const parts: PartResult[] = [];
  try {
    for (const name of options.parts) {
      say(`\n${name}`);
      const result = await MEASURE[name]({ options, server, scratch, say });
      parts.push(result);
      if (!options.json) console.log(renderPart(result));
    }
  } finally {
    await server.stop();
  }
  const report: Report = { date: new Date().toISOString().slice(0, 10), machine: machine(server.version), parts };
  await writeFile(join(scratch, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
  if (options.json) console.log(JSON.stringify(report));
  else console.log(`${report.machine} ${foreign(parts)}`);
  if (options.readme) await writeReadme(report);
  if (parts.some(({ checks }) => checks.some(({ holds }) => !holds))) process.exitCode = 1;
}

function machine(elasticsearch: string): string {
  const [first] = cpus();
  return `Elasticsearch ${elasticsearch} (embedded, 2 GB heap) and the client on the same ${cpus().length} cores (${first?.model.trim()}), Node ${process.versions.node}.`;
}

try {
  await main(readOptions(process.argv.slice(2)));
} catch (error) {
  console.error(error instanceof UsageError ? `${error.message}\n${USAGE}` : error);
  process.exitCode = 1;
}
