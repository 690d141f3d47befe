import { open, writeFile } from 'node:fs/promises';
import type { CommandModule } from 'yargs';
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

interface SimulateFlags extends GlobalFlags {
  readonly events: number;
  readonly seed: number;
  readonly attack: readonly string[];
  readonly level: LevelChoice;
  readonly start: string;
  readonly hours: number;
  readonly output?: string;
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
        .option('start', { type: 'string', default: '2026-03-02T00:00:00Z', describe: 'Begin of the log' })
        .option('hours', { type: 'number', default: 24, describe: 'Length of the log' })
        .option('list', { type: 'boolean', describe: 'List the storylines' })
        .example('$0 simulate --attack ransom -o day.log', 'a day with an attack'),
    handler: (args) => run(args as GlobalFlags, (context) => simulateLog(context, args as unknown as SimulateFlags)),
  };
}

async function simulateLog(context: Context, flags: SimulateFlags): Promise<number> {
  const { io } = context;
  if (flags.list) {
    const rows = STORYLINES.map(({ name, attack, summary }) => [name, attack.join(' '), summary]);
    await io.out(renderGrid(['storyline', 'attack', 'summary'], rows, io));
    return EXIT.done;
  }
  const options = readOptions(flags);
  const { output } = flags;
  if (output === undefined) throw new KauditError('usage', 'Say where to write the log: -o FILE, or -o - for stdout.');
  if (output === '-') {
    for (const chunk of simulate(options).chunks) await io.out(chunk);
    return EXIT.done;
  }
  const truth = await writeSimulation(options, output);
  io.say(
    `${truth.events.toLocaleString('en')} events of ${truth.requests.toLocaleString('en')} requests in ${output}, the answer in ${output}.truth.json`,
  );
  return EXIT.done;
}

function readOptions({ events, seed, attack, level, start, hours }: SimulateFlags): SimulateOptions {
  requireWhole('events', events, 1, 1e9);
  requireWhole('seed', seed, 0, 0xffff_ffff);
  if (!(hours > 0 && hours <= 24 * 366))
    throw new KauditError('usage', `--hours is ${hours}: expected more than 0, at most a year.`);
  const time = Date.parse(start);
  if (Number.isNaN(time))
    throw new KauditError('usage', `--start is "${start}", which is no time.`, {
      hint: 'Use a form such as 2026-03-02T00:00:00Z.',
    });
  const named = attack.filter((name) => name !== 'none');
  const attacks = named.includes('all') ? STORYLINES.map(({ name }) => name) : [...new Set(named)];
  return { events, seed, level, start: time, hours, attacks };
}

function requireWhole(name: string, value: number, low: number, high: number): void {
  if (Number.isInteger(value) && value >= low && value <= high) return;
  throw new KauditError('usage', `--${name} is ${value}: expected a whole number from ${low} to ${high}.`);
}

/** Writes the log and, beside it, its answer. */
export async function writeSimulation(options: SimulateOptions, path: string): Promise<Truth> {
  const { chunks, truth } = simulate(options);
  try {
    const file = await open(path, 'w');
    try {
      for (const chunk of chunks) await file.write(chunk);
    } finally {
      await file.close();
    }
    await writeFile(`${path}.truth.json`, `${JSON.stringify(truth(), null, 2)}\n`);
  } catch (error) {
    if (error instanceof KauditError) throw error;
    throw new KauditError('unreadable-input', `${path} cannot be written: ${messageOf(error)}.`, { cause: error });
  }
  return truth();
}
