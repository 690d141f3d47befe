import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Contender, type Job, jobVariables } from '../contender.ts';
import type { Command } from '../run.ts';
import { exists, install } from './install.ts';

const PEERS = join(import.meta.dirname, '../peers');
/** Sources that no compiler touches. */
const SOURCES = join(import.meta.dirname, '../../peers');

interface Script {
  readonly name: string;
  readonly about: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly setsId: boolean;
}

const HELPER = 'documented defaults: 5 MB a request, 5 in flight';
const STREAM = '2,000 documents a request, 3 in flight, one line of back-pressure';

const SCRIPTS: readonly Script[] = [
  { name: 'JS helpers.bulk', about: HELPER, file: 'helpers-bulk.js', args: [], setsId: false },
  { name: 'JS helpers.bulk, id', about: HELPER, file: 'helpers-bulk.js', args: [], setsId: true },
  { name: 'stream-json tokens, id', about: STREAM, file: 'stream-json.js', args: ['tokens'], setsId: true },
  { name: 'stream-json lines, id', about: STREAM, file: 'stream-json.js', args: ['lines'], setsId: true },
];

export const javascript: readonly Contender[] = SCRIPTS.map(({ name, about, file, args, setsId }) => ({
  name,
  about,
  setsId,
  prepare: async () => {},
  command: async (job): Promise<Command> => ({
    argv: [process.execPath, join(PEERS, file), ...args],
    env: { ...jobVariables(job), BENCH_ID: setsId ? '1' : '0' },
  }),
}));

const ELASTICDUMP = '6.125.1';
const LIMIT = 5_000;

/** It wants each document in an envelope, and the server's version, which the embedded node does not tell. */
export function elasticdump(version: string): Contender {
  let modules = '';
  return {
    name: 'elasticdump, id',
    about: `elasticdump ${ELASTICDUMP}, --limit=${LIMIT} (its default of 100 is several times slower), one in flight`,
    setsId: true,
    prepare: async (scratch) => {
      modules = join(scratch, 'node_modules');
      const wanted = ['npm', 'install', '--no-save', '--ignore-scripts', '--prefix', scratch];
      if (await exists(join(modules, 'elasticdump'))) return;
      await install('elasticdump', [...wanted, `elasticdump@${ELASTICDUMP}`], scratch);
    },
    command: async (job) => ({
      argv: [
        ...[process.execPath, '--require', join(SOURCES, 'elasticdump-version.cjs')],
        join(modules, 'elasticdump/bin/elasticdump'),
        `--input=${await inEnvelopes(job)}`,
        `--output=${job.url.replace('://', `://${job.username}:${job.password}@`)}/${job.index}`,
        ...['--type=data', `--limit=${LIMIT}`],
      ],
      env: { BENCH_ELASTICDUMP: join(modules, 'elasticdump'), BENCH_VERSION: version },
    }),
  };
}

async function inEnvelopes({ input }: Job): Promise<string> {
  const path = `${input.path}.envelopes`;
  const lines = (await readFile(input.path, 'utf8')).trimEnd().split('\n');
  const wrapped = lines.map((line) => {
    const { auditID, stage } = JSON.parse(line) as { auditID: string; stage: string };
    return `{"_id":"${auditID}-${stage}","_source":${line}}\n`;
  });
  await writeFile(path, wrapped.join(''));
  return path;
}
