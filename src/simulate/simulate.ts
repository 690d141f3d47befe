import type { Level, Stage } from '../audit/event.ts';
import { isoMillis } from '../audit/time.ts';
import { KauditError } from '../shared/errors.ts';
import { openQueue, type Queue } from './queue.ts';
import { type Random, seededRandom } from './random.ts';
import { eventsOf, type LevelChoice, type SimulatedEvent } from './request.ts';
import { routineRequest } from './routine.ts';
import { STORYLINES, type Storyline } from './storylines/index.ts';

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

/** A cluster that writes an audit log, with attacks whose answer is known. Memory is bounded by what is under way. */
export function simulate(options: SimulateOptions): Simulation {
  const random = seededRandom(options.seed);
  const slotMicros = (options.hours * HOUR_MICROS) / options.events;
  const waiting = openQueue();
  const told = chosenStorylines(options).map((story) => schedule(story, options, random, waiting));
  const counts = { requests: 0, first: undefined as string | undefined, last: undefined as string | undefined };
  const byStage: Partial<Record<Stage, number>> = {};
  const byLevel: Partial<Record<Level, number>> = {};

  function* chunks(): Generator<string> {
    let chunk = '';
    for (let slot = 0; slot < options.events; slot += 1) {
      const { line, micros, stage, level, terminal } = nextEvent(slot);
      counts.last = isoMillis(micros);
      counts.first ??= counts.last;
      if (terminal) counts.requests += 1;
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
    const hour = (micros % DAY_MICROS) / HOUR_MICROS;
    const [event, ...later] = eventsOf(routineRequest(random, hour), micros, options.level, random);
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
      ...counts,
      byStage,
      byLevel,
      storylines: told,
      mustFire: [...new Set(told.flatMap((story) => story.mustFire))].sort(),
    }),
  };
}

function chosenStorylines({ attacks, events }: SimulateOptions): readonly Storyline[] {
  const chosen = attacks.map((name) => {
    const story = STORYLINES.find((known) => known.name === name);
    if (story !== undefined) return story;
    const hint = `Storylines: ${STORYLINES.map((known) => known.name).join(', ')}, all, none.`;
    throw new KauditError('usage', `There is no storyline ${name}.`, { hint });
  });
  const needed = chosen.reduce((sum, story) => sum + story.steps.length, 0) * ROOM;
  if (events >= needed) return chosen;
  throw new KauditError('usage', `A log with these attacks needs at least ${needed} events.`, {
    hint: 'Raise --events, or choose fewer attacks.',
  });
}

/** Puts a storyline's events somewhere between the first tenth of the log and seven tenths. */
function schedule(story: Storyline, options: SimulateOptions, random: Random, waiting: Queue): StorylineTruth {
  const length = options.hours * HOUR_MICROS;
  const begin = options.start * 1000 + Math.floor(length * (0.1 + random.next() * 0.6));
  const events = story.steps.flatMap(({ at, request }) => {
    const micros = begin + at * 1_000_000 + random.int(0, 999_999);
    return eventsOf(request, micros, options.level, random);
  });
  for (const event of events) waiting.add(event);
  const times = events.map((event) => event.micros);
  const mustFire =
    options.level === 'metadata' ? story.mustFire.filter((id) => !story.needsBodies.includes(id)) : story.mustFire;
  return {
    name: story.name,
    attack: story.attack,
    summary: story.summary,
    actor: story.actor,
    from: isoMillis(Math.min(...times)),
    to: isoMillis(Math.max(...times)),
    auditIDs: [...new Set(events.map((event) => event.auditID))],
    mustFire,
  };
}
