/** What the library costs over many events, beside the same questions asked of the file with grep and jq. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadCommand, NAMESPACE } from '../contenders/kaudit.ts';
import { makeInput, warm } from '../inputs.ts';
import { atLeast, atMost, type PartResult } from '../result.ts';
import { type Ran, run } from '../run.ts';
import { CLI, deleteIndices } from '../server.ts';
import { freshFolder, type Workshop } from '../workshop.ts';
import { QUESTIONS, type Question } from './questions.ts';

const SHORT = 200_000;
const LONG = 5_000_000;
/** Investigations that run at once: src/query/run.ts. */
const AT_ONCE = 3;
const MOST_WALL = 1.3;
const FASTER = 50;
const SLOWEST = 15;

interface Result {
  readonly id: string;
  readonly status: string;
  readonly matches: number;
  readonly tookMs: number;
}

interface Answers {
  readonly results: readonly Result[];
  readonly tookMs: number;
}

interface Asked {
  readonly question: Question;
  readonly grep: Ran;
  readonly jq: Ran;
}

export async function library(workshop: Workshop): Promise<PartResult> {
  const { options, scratch, server, say } = workshop;
  const input = await makeInput(scratch, 'mixed', options.events ?? (options.long ? LONG : SHORT));
  await deleteIndices(server, 'kaudit-*');
  const state = await freshFolder(workshop, 'state');
  const load = loadCommand(input.path, server, state);
  await finished('kaudit load', load);
  const answers = join(scratch, 'answers.json');
  const query = async (...args: readonly string[]): Promise<Ran> => {
    // The server remembers its answers, and grep has no such help.
    await server.ask('POST', '/_cache/clear?request=true');
    const command = [process.execPath, CLI, 'query', 'run', ...args, '--namespace', NAMESPACE, '--json'];
    const argv = ['bash', '-c', '"$@" > "$ANSWERS"', 'bash', ...command];
    return await finished('kaudit query run', { argv, env: { ...load.env, ANSWERS: answers } });
  };
  // Once before, as a user's second question: the first one reads everything from disk.
  await query('--all');
  const all = await query('--all');
  const { results, tookMs: took } = JSON.parse(await readFile(answers, 'utf8')) as Answers;
  const some = await query(...QUESTIONS.map(({ id }) => id));
  const asked: Asked[] = [];
  for (const question of QUESTIONS) {
    say(question.id);
    await warm(input);
    const grep = await run({ argv: ['grep', '-cE', question.grep, input.path], env: { LC_ALL: 'C' } });
    await warm(input);
    const jq = await run({ argv: ['bash', '-c', 'jq -c "select($0)" "$1" | wc -l', question.jq, input.path] });
    asked.push({ question, grep, jq });
  }
  const seconds = (which: 'grep' | 'jq'): number => asked.reduce((sum, one) => sum + one[which].seconds, 0);
  const slowest = [...results].sort((a, b) => b.tookMs - a.tookMs).slice(0, SLOWEST);
  return {
    part: 'library',
    title: 'The library over many events',
    method: `${results.length} investigations over ${input.events.toLocaleString('en')} events (${(input.bytes / 1e9).toFixed(1)} GB of log), ${AT_ONCE} at once, second run, answers that the server remembers cleared. grep and jq read the same file from the page cache.${options.long ? '' : ` Short: --long takes ${LONG.toLocaleString('en')} events.`}`,
    tables: [
      {
        title: `All: ${all.seconds.toFixed(1)} s of wall time, ${(took / 1000).toFixed(1)} s of the server's own time; the slowest`,
        headers: ['Investigation', 'Answer', 'Requests', 'took ms'],
        rows: slowest.map(({ id, status, matches, tookMs }) => [
          id,
          status,
          matches.toLocaleString('en'),
          tookMs.toLocaleString('en'),
        ]),
      },
      {
        title: `${QUESTIONS.length} questions: kaudit ${some.seconds.toFixed(1)} s in one run, grep ${seconds('grep').toFixed(1)} s, jq ${seconds('jq').toFixed(1)} s`,
        headers: ['Question', 'kaudit requests', 'took ms', 'grep lines', 'grep s', 'jq events', 'jq s'],
        rows: asked.map(({ question, grep, jq }) => {
          const result = results.find(({ id }) => id === question.id);
          return [
            question.id,
            (result?.matches ?? Number.NaN).toLocaleString('en'),
            (result?.tookMs ?? Number.NaN).toLocaleString('en'),
            Number(grep.output).toLocaleString('en'),
            grep.seconds.toFixed(1),
            Number(jq.output).toLocaleString('en'),
            jq.seconds.toFixed(1),
          ];
        }),
      },
    ],
    checks: [
      atMost(
        'Wall time of all, over the sum of took divided by what runs at once',
        all.seconds / (took / 1000 / AT_ONCE),
        MOST_WALL,
      ),
      atLeast('Times faster than jq', seconds('jq') / some.seconds, FASTER),
      atLeast('Times faster than grep, which sees text and no requests', seconds('grep') / some.seconds, FASTER),
    ],
    skipped: [],
    rounds: [{ all: { seconds: all.seconds, results }, some: some.seconds, asked }],
  };

  async function finished(what: string, command: Parameters<typeof run>[0]): Promise<Ran> {
    const ran = await run(command);
    if (ran.code !== 0) throw new Error(`${what} ended with ${ran.code}: ${ran.output.slice(-2000)}`);
    return ran;
  }
}
