import type { Input } from './inputs.ts';
import type { Command } from './run.ts';

/** Who to load into. */
export interface Target {
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

/** What a contender loads, and where to. */
export interface Job extends Target {
  readonly input: Input;
  readonly index: string;
  /** Folder for what it remembers; empty unless it goes on with a job that was killed. */
  readonly state: string;
}

/** Something that loads a file of audit events into Elasticsearch, as its documentation says. */
export interface Contender {
  readonly name: string;
  /** Version and settings. */
  readonly about: string;
  /** Whether each document gets an id that is made of the event, so that loading it twice does not double it. */
  readonly setsId: boolean;
  /** It never ends by itself: it is ended when nothing comes any more. */
  readonly endless?: boolean;
  /** Installs what it needs into this folder, or throws Unavailable. */
  readonly prepare: (scratch: string) => Promise<void>;
  /** The program to run; what is done here is not measured. */
  readonly command: (job: Job) => Promise<Command>;
}

/** Why a contender cannot be measured here, as a sentence. */
export class Unavailable extends Error {}

/** How programs of ours get to know the job. */
export function jobVariables(job: Job): Readonly<Record<string, string>> {
  return { BENCH_FILE: job.input.path, BENCH_INDEX: job.index, ...targetVariables(job) };
}

export function targetVariables({ url, username, password }: Target): Readonly<Record<string, string>> {
  return { BENCH_URL: url, BENCH_USERNAME: username, BENCH_PASSWORD: password };
}
