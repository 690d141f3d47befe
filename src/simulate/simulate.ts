import type { Level, Stage } from '../audit/event.ts';
import { isoMillis } from '../audit/time.ts';
import { KauditError } from '../shared/errors.ts';
import { openQueue, type Queue } from './queue.ts';
import { type Random, seededRandom } from './random.ts';
import { eventsOf, type LevelChoice, type SimulatedEvent } from './request.ts';
import { openRoutine } from './routine.ts';
import { firedAt, STORYLINES, type Storyline } from './storylines/index.ts';

export interface SimulateOptions {
  /** Events in the log, exactly. */
  readonly events: number;
  /** The same seed and options give the same bytes. */
  readonly seed: number;
  readonly level: LevelChoice;
  /** Begin of the log, in milliseconds since 1970. */
  readonly start: number;
  readonly hours: number;
  /** Names of storylines to weave in. */
  readonly attacks: readonly string[];
}

/** What a storyline did, and where. */
export interface StorylineTruth {
  readonly name: string;
  readonly attack: readonly string[];
  readonly summary: string;
  readonly actor: string;
  /** When its first request came: what is before it is the history that a new term needs. */
  readonly from: string;
  readonly to: string;
  readonly auditIDs: readonly string[];
  readonly mustFire: readonly string[];
}

/** The answer to a simulated log. */
export interface Truth {
  readonly kaudit: 1;
  readonly options: SimulateOptions;
  readonly events: number;
  /** Requests whose end is in the log. */
  readonly requests: number;
  readonly first: string | undefined;
  readonly last: string | undefined;
  readonly byStage: Readonly<Partial<Record<Stage, number>>>;
  readonly byLevel: Readonly<Partial<Record<Level, number>>>;
  readonly storylines: readonly StorylineTruth[];
  /** All investigations that must fire. */
  readonly mustFire: readonly string[];
}

export interface Simulation {
  /** The log in pieces of whole lines, in the order of stage times. */
  readonly chunks: Iterable<string>;
  /** The answer, once all pieces have been taken. */
  readonly truth: () => Truth;
}

const HOUR_MICROS = 3_600_000_000;
const DAY_MICROS = 24 * HOUR_MICROS;
const CHUNK_EVENTS = 500;
/** Storylines need room around them: their events come as fast as the log's own rate lets them. */
const ROOM = 10;
/** Where a storyline may lie, in parts of the log. What comes late in a thin log needs the rest of it to be written. */
const EARLIEST_BEGIN = 0.1;
const LATEST_BEGIN = 0.7;
const LATEST_END = 0.9;

/** A cluster that writes an audit log, with attacks whose answer is known. Memory is bounded by what is under way. */
export function simulate(options: SimulateOptions): Simulation {
  const random = seededRandom(options.seed);
  const slotMicros = (options.hours * HOUR_MICROS) / options.events;
  const routine = openRoutine(options.events / options.hours);
  const waiting = openQueue();
  const told = chosenStorylines(options).map((story) => schedule(story, options, random, waiting));
  let requests = 0;
  let first: number | undefined;
  let last: number | undefined;
  const byStage: Partial<Record<Stage, number>> = {};
  const byLevel: Partial<Record<Level, number>> = {};

  function* chunks(): Generator<string> {
    let chunk = '';
    for (let slot = 0; slot < options.events; slot += 1) {
      const { line, micros, stage, level, terminal } = nextEvent(slot);
      first ??= micros;
      last = micros;
      if (terminal) requests += 1;
      byStage[stage] = (byStage[stage] ?? 0) + 1;
      byLevel[level] = (byLevel[level] ?? 0) + 1;
      chunk += `${line}\n`;
      if ((slot + 1) % CHUNK_EVENTS !== 0) continue;
      yield chunk;
      chunk = '';
    }
    if (chunk !== '') yield chunk;
  }

  /** What has been waiting for its time goes first; else the cluster does something new. So times never go back. */
  const nextEvent = (slot: number): SimulatedEvent => {
    const micros = options.start * 1000 + Math.floor((slot + random.next()) * slotMicros);
    const due = waiting.takeUntil(micros);
    if (due !== undefined) return due;
    const hour = Math.floor((micros % DAY_MICROS) / HOUR_MICROS);
    const [event, ...later] = eventsOf(routine(random, hour), micros, options.level, random);
    for (const follower of later) waiting.add(follower);
    if (event === undefined) throw new KauditError('internal', 'A request without events was simulated.');
    return event;
  };

  return {
    chunks: chunks(),
    truth: () => ({
      kaudit: 1,
      options,
      events: options.events,
      requests,
      first: first === undefined ? undefined : isoMillis(first),
      last: last === undefined ? undefined : isoMillis(last),
      byStage,
      byLevel,
      storylines: told,
      mustFire: [...new Set(told.flatMap((story) => story.mustFire))].sort(),
    }),
  };
}

function chosenStorylines({ attacks, events, hours }: SimulateOptions): readonly Storyline[] {
  const chosen = [...new Set(attacks)].map((name) => {
    const story = STORYLINES.find((known) => known.name === name);
    if (story !== undefined) return story;
    const hint = `Storylines: ${STORYLINES.map((known) => known.name).join(', ')}, all, none.`;
    throw new KauditError('usage', `There is no storyline ${name}.`, { hint });
  });
  const neededEvents = chosen.reduce((sum, story) => sum + story.steps.length, 0) * ROOM;
  if (events < neededEvents) {
    throw new KauditError('usage', `A log with these attacks needs at least ${neededEvents} events.`, {
      hint: 'Raise --events, or choose fewer attacks.',
    });
  }
  const neededHours = Math.max(0, ...chosen.map(durationOf)) / HOUR_MICROS / (LATEST_END - EARLIEST_BEGIN);
  if (hours < neededHours) {
    throw new KauditError('usage', `A log with these attacks needs at least ${hoursUp(neededHours)} hours.`, {
      hint: 'Raise --hours, or choose shorter attacks.',
    });
  }
  return chosen;
}

/** Microseconds from the first request of a storyline to the begin of its last. */
function durationOf({ steps }: Storyline): number {
  return (Math.max(...steps.map(({ at }) => at)) + 1) * 1_000_000;
}

function hoursUp(hours: number): number {
  return Math.ceil(hours * 100) / 100;
}

/** Puts a storyline's events somewhere in the log, away from its ends, so that all of them are in it. */
function schedule(story: Storyline, options: SimulateOptions, random: Random, waiting: Queue): StorylineTruth {
  const length = options.hours * HOUR_MICROS;
  const spread = Math.min(LATEST_BEGIN, LATEST_END - durationOf(story) / length) - EARLIEST_BEGIN;
  const begin = options.start * 1000 + Math.floor(length * (EARLIEST_BEGIN + random.next() * spread));
  const events = story.steps.flatMap(({ at, request }) => {
    const micros = begin + at * 1_000_000 + random.int(0, 999_999);
    return eventsOf(request, micros, options.level, random);
  });
  for (const event of events) waiting.add(event);
  return {
    name: story.name,
    attack: story.attack,
    summary: story.summary,
    actor: story.actor,
    from: isoMillis(Math.min(...events.map(({ received }) => received))),
    to: isoMillis(Math.max(...events.map(({ micros }) => micros))),
    auditIDs: [...new Set(events.map((event) => event.auditID))],
    mustFire: firedAt(options.level, story),
  };
}
