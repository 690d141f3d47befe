/** What goes wrong in life: an event that the server refuses, the same load twice, a loader that is killed. */
import type { Contender } from '../contender.ts';
import { forwarders } from '../contenders/forwarders.ts';
import { elasticdump, javascript } from '../contenders/javascript.ts';
import { kaudit } from '../contenders/kaudit.ts';
import { go, python } from '../contenders/others.ts';
import { DEFAULT, KAUDIT } from '../destinations.ts';
import { makeInput, withRefusedEvent } from '../inputs.ts';
import { compareIds, emptyDestination, endWhenIdle, freshJob, killAtHalf } from '../measure.ts';
import type { PartResult } from '../result.ts';
import { type Ran, run } from '../run.ts';
import { refreshAndCount } from '../server.ts';
import { prepareAll, type Workshop } from '../workshop.ts';

const EVENTS = 20_000;

/** How a shell tells that SIGKILL ended a program. */
const SIGKILLED = 128 + 9;
const ENDED_BEFORE = ' (had ended before)';

type Said = 'the event' | 'a failure' | 'nothing';

interface Outcome {
  readonly contender: string;
  readonly refused: { readonly code: number; readonly missing: number; readonly said: Said };
  readonly twice: { readonly code: number; readonly doubled: number };
  readonly killed: { readonly inTime: boolean; readonly missing: number; readonly doubled: number };
}

export async function faults(workshop: Workshop): Promise<PartResult> {
  const rivals = [...javascript, elasticdump(workshop.server.version), ...go, ...python, ...forwarders];
  const { ready, skipped } = await prepareAll(workshop, rivals);
  const events = workshop.options.events ?? EVENTS;
  const outcomes: Outcome[] = [];
  for (const contender of [kaudit, ...ready]) {
    workshop.say(contender.name);
    outcomes.push({
      contender: contender.name,
      refused: await refuseOne(workshop, contender, events),
      twice: await loadTwice(workshop, contender, events),
      killed: await killAndRepeat(workshop, contender, events),
    });
  }
  return {
    part: 'faults',
    title: 'What is lost, doubled and said when things go wrong',
    method: `${events} Metadata events. Refused: the verb of one event is an object. Killed: SIGKILL when half is taken, then the same command again.`,
    tables: [
      {
        title: '',
        headers: [
          '',
          'refused: missing',
          'refused: named',
          'refused: exit',
          'twice: doubled',
          'killed: missing',
          'killed: doubled',
        ],
        rows: outcomes.map(({ contender, refused, twice, killed }) => [
          contender,
          `${refused.missing}`,
          refused.said,
          `${refused.code}`,
          `${twice.doubled}`,
          `${killed.missing}${killed.inTime ? '' : ENDED_BEFORE}`,
          `${killed.doubled}${killed.inTime ? '' : ENDED_BEFORE}`,
        ]),
      },
    ],
    checks: outcomes
      .filter(({ contender }) => contender === kaudit.name)
      .map(({ refused, twice, killed }) => {
        const wrong = twice.doubled + killed.missing + killed.doubled + (refused.said === 'nothing' ? 1 : 0);
        return {
          claim: 'kaudit loses, doubles and hides nothing',
          target: '0',
          measured: `${wrong}`,
          holds: wrong === 0,
        };
      }),
    skipped,
    rounds: outcomes,
  };
}

async function refuseOne(workshop: Workshop, contender: Contender, events: number): Promise<Outcome['refused']> {
  const { scratch, server } = workshop;
  const input = await withRefusedEvent(await makeInput(scratch, 'metadata', events));
  const destination = destinationOf(contender);
  await emptyDestination(workshop, destination);
  const job = await freshJob(workshop, input, destination);
  const { code, output } = await loadOnce(workshop, contender, job);
  await refreshAndCount(server, job.index);
  const { missing } = await compareIds(server, input, job.index);
  return { code, missing, said: whatIsSaid(output, input.refused) };
}

/** kaudit's ledger counts it as degraded or quarantined; most others name a failure, if they speak at all. */
function whatIsSaid(output: string, auditID: string): Said {
  if (output.includes(auditID)) return 'the event';
  return /"(degraded|quarantined)":[1-9]|fail(ed|ures)?\W{1,3}[1-9]|[1-9]\d* refused|exception|error/i.test(output)
    ? 'a failure'
    : 'nothing';
}

async function loadTwice(workshop: Workshop, contender: Contender, events: number): Promise<Outcome['twice']> {
  const input = await makeInput(workshop.scratch, 'metadata', events);
  const destination = destinationOf(contender);
  await emptyDestination(workshop, destination);
  await loadOnce(workshop, contender, await freshJob(workshop, input, destination));
  const { code } = await loadOnce(workshop, contender, await freshJob(workshop, input, destination), 2 * events);
  const stored = await refreshAndCount(workshop.server, destination.index);
  return { code, doubled: stored - events };
}

async function killAndRepeat(workshop: Workshop, contender: Contender, events: number): Promise<Outcome['killed']> {
  const { scratch, server } = workshop;
  const input = await makeInput(scratch, 'metadata', events);
  const destination = destinationOf(contender);
  await emptyDestination(workshop, destination);
  const job = await freshJob(workshop, input, destination);
  const { code } = await run(await contender.command(job), killAtHalf(server, job));
  await loadOnce(workshop, contender, job, Number.POSITIVE_INFINITY);
  await refreshAndCount(server, job.index);
  return { inTime: code === SIGKILLED, ...(await compareIds(server, input, job.index)) };
}

async function loadOnce(
  workshop: Workshop,
  contender: Contender,
  job: Parameters<Contender['command']>[0],
  expected = job.input.events,
): Promise<Ran> {
  const watched = { ...job, input: { ...job.input, events: expected } };
  return await run(await contender.command(job), contender.endless ? endWhenIdle(workshop.server, watched) : undefined);
}

function destinationOf(contender: Contender): typeof KAUDIT {
  return contender === kaudit ? KAUDIT : DEFAULT;
}
