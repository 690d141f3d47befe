import { open, rm, stat, writeFile } from 'node:fs/promises';
import type { CommandModule } from 'yargs';
import { isPlausible } from '../audit/time.ts';
import { renderGrid } from '../report/index.ts';
import { EXIT, KauditError, messageOf } from '../shared/errors.ts';
import {
  LEVEL_CHOICES,
  type LevelChoice,
  type SimulateOptions,
  STORYLINES,
  simulate,
  type Truth,
} from '../simulate/index.ts';
import type { Context, GlobalFlags, Run } from './context.ts';
import { requireWhole } from './option-values.ts';

interface SimulateFlags extends GlobalFlags {
  readonly events: number;
  readonly seed: number;
  readonly attack: readonly string[];
  readonly level: LevelChoice;
  readonly start: string;
  readonly hours: number;
  readonly output?: string;
  readonly force?: boolean;
  readonly list?: boolean;
}

export function simulateCommand(run: Run): CommandModule {
  return {
    command: 'simulate',
    describe: 'Write the audit log of a simulated cluster, with attacks whose answer is known',
    builder: (args) =>
      args
        .option('output', {
          alias: 'o',
          type: 'string',
          describe: 'File to write; the answer goes to FILE.truth.json; - is stdout',
        })
        .option('events', { type: 'number', default: 50_000, describe: 'Events, exactly' })
        .option('seed', { type: 'number', default: 1, describe: 'The same seed gives the same log' })
        .option('attack', {
          type: 'string',
          array: true,
          default: ['none'],
          describe: 'Storyline to weave in; all; none',
        })
        .option('level', {
          choices: LEVEL_CHOICES,
          default: 'mixed' as const,
          describe: 'Audit level; mixed as a sensible policy',
        })
        .option('start', {
          type: 'string',
          default: '2026-03-02T00:00:00Z',
          describe: 'Begin of the log; UTC unless it names a zone',
        })
        .option('hours', { type: 'number', default: 24, describe: 'Length of the log' })
        .option('force', { type: 'boolean', describe: 'Overwrite a file that is there' })
        .option('list', { type: 'boolean', describe: 'List the storylines' })
        .example('$0 simulate --attack ransom -o day.log', 'a day with an attack'),
    handler: (args) => run(args as GlobalFlags, (context) => simulateLog(context, args as unknown as SimulateFlags)),
  };
}

async function simulateLog(context: Context, flags: SimulateFlags): Promise<number> {
  const { io, signal } = context;
  if (flags.list) {
    const rows = STORYLINES.map(({ name, attack, summary }) => [name, attack.join(' '), summary]);
    await io.out(renderGrid(['storyline', 'attack', 'summary'], rows, io));
    return EXIT.done;
  }
  const options = readOptions(flags);
  const { output = '' } = flags;
  if (output === '') throw new KauditError('usage', 'Say where to write the log: -o FILE, or -o - for stdout.');
  if (output === '-') {
    await writeChunks(simulate(options).chunks, io.out, signal);
    return EXIT.done;
  }
  if (!flags.force && (await isFile(output))) {
    throw new KauditError('usage', `${output} is there already.`, {
      hint: 'Name another file, or overwrite it: --force.',
    });
  }
  const truth = await writeSimulation(options, output, signal);
  io.say(
    `${truth.events.toLocaleString('en')} events of ${truth.requests.toLocaleString('en')} requests in ${output}, the answer in ${output}.truth.json`,
  );
  return EXIT.done;
}

/** Not a pipe or device: those are written to as they are. */
async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() === true;
}

function readOptions({ events, seed, attack, level, start, hours }: SimulateFlags): SimulateOptions {
  requireWhole('--events', events, 1, 1e9);
  requireWhole('--seed', seed, 0, 0xffff_ffff);
  if (!(hours > 0 && hours <= 24 * 366))
    throw new KauditError('usage', `--hours is ${hours}: expected more than 0, at most a year.`);
  const time = parseStart(start, hours);
  const named = attack.filter((name) => name !== 'none');
  const attacks = named.includes('all') ? STORYLINES.map(({ name }) => name) : [...new Set(named)];
  return { events, seed, level, start: time, hours, attacks };
}

/** Milliseconds of an ISO time; one without a zone is UTC, as audit logs are written. */
function parseStart(text: string, hours: number): number {
  const isIso = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/.test(text);
  const zoned = text.includes('T') && !/(Z|[+-]\d\d:\d\d)$/.test(text) ? `${text}Z` : text;
  const time = isIso ? Date.parse(zoned) : Number.NaN;
  const hint = 'Use a form such as 2026-03-02T00:00:00Z.';
  if (Number.isNaN(time)) throw new KauditError('usage', `--start is "${text}", which is no time.`, { hint });
  if (isPlausible(time * 1000) && isPlausible((time + hours * 3_600_000) * 1000)) return time;
  throw new KauditError('usage', `--start is "${text}": no audit log is of that time.`, {
    hint: 'Use a year from 2015 to 2099.',
  });
}

/** Writes the log and, beside it, its answer. A log without an answer was not finished. */
export async function writeSimulation(options: SimulateOptions, path: string, signal?: AbortSignal): Promise<Truth> {
  const { chunks, truth } = simulate(options);
  const answer = `${path}.truth.json`;
  try {
    const file = await open(path, 'w');
    try {
      // An answer to what was here before would be a lie about what comes now.
      await rm(answer, { force: true });
      await writeChunks(chunks, (chunk) => file.appendFile(chunk), signal);
    } finally {
      await file.close();
    }
    await writeFile(answer, `${JSON.stringify(truth(), null, 2)}\n`);
  } catch (error) {
    if (error instanceof KauditError) throw error;
    throw new KauditError('unwritable-output', `${path} cannot be written: ${messageOf(error)}.`, { cause: error });
  }
  return truth();
}

async function writeChunks(
  chunks: Iterable<string>,
  write: (chunk: string) => Promise<unknown>,
  signal?: AbortSignal,
): Promise<void> {
  for (const chunk of chunks) {
    if (signal?.aborted) {
      throw new KauditError('interrupted', 'Interrupted: the log is not whole, and has no answer.', {
        hint: 'The same command writes the same log from its beginning.',
      });
    }
    if ((await write(chunk)) === false) return;
  }
}
