/**
 * Words of the query side:
 * investigation  a stored question: one file under queries/
 * window         the time that a run looks at; no bounds: all data
 * coverage       what the data in the window can show: levels, stages, clusters
 * finding        an investigation whose run has groups to report
 * noise set      named, reasoned exclusion of actors that do this for a living
 */
import type { Level, Stage } from '../audit/event.ts';

export const SEVERITIES = ['info', 'low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Half-open, in ISO 8601 with milliseconds: from <= time < to. */
export interface Window {
  readonly from?: string;
  readonly to?: string;
}

export interface Coverage {
  readonly events: number;
  readonly requests: number;
  /** Events per level and per stage. */
  readonly levels: Readonly<Partial<Record<Level, number>>>;
  readonly stages: Readonly<Partial<Record<Stage, number>>>;
  /** Cluster names with their events; events without a name are under "". */
  readonly clusters: Readonly<Record<string, number>>;
  /** Events whose facts are of an older version than those of this kaudit. */
  readonly olderFacts: number;
  /** Events that are kept apart because another event has the same identity: no investigation sees them. */
  readonly variants: number;
  /** Time of the first and the last event in the window. */
  readonly first?: string;
  readonly last?: string;
}

export type Scalar = string | number | boolean;

/** One row of an answer: the values it is grouped by, its requests, and the measures that the definition asks to show. */
export interface Group {
  readonly by: Readonly<Record<string, Scalar | null>>;
  readonly requests: number;
  readonly show: Readonly<Record<string, Scalar | readonly Scalar[] | null>>;
  /** How many values a measure has beyond those in `show`; about so many where they are more than a thousand. */
  readonly more?: Readonly<Record<string, number>>;
}

/** What a number of a measure counts, where it is no plain number. */
export type Unit = 'microseconds' | 'percent';

export type ResultStatus = 'findings' | 'none' | 'not-observable' | 'error';

export interface InvestigationResult {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  readonly status: ResultStatus;
  /** Requests that match, over all groups that are reported. */
  readonly matches: number;
  readonly groups: readonly Group[];
  /** Groups that exist beyond those listed in `groups`; 0: the list is whole. */
  readonly moreGroups: number;
  /** Units of the measures that have one. */
  readonly units?: Readonly<Record<string, Unit>>;
  /** What the measures count that a kind adds by itself. */
  readonly legend?: Readonly<Record<string, string>>;
  /** Requests hidden by each noise set. */
  readonly hidden: Readonly<Record<string, number>>;
  /** There is more than was looked at; the reason says how to see it. */
  readonly incomplete?: true;
  /** Why it is not observable, what to know of what was found, or what went wrong. */
  readonly reason?: string;
  /** What makes it observable. */
  readonly remedy?: string;
  /** Time the server spent, in milliseconds. */
  readonly tookMs: number;
}

/** Events that there are, of one cluster (`""`: without a name) in one namespace of the index. */
export interface Place {
  readonly namespace: string;
  readonly cluster: string;
  readonly events: number;
  readonly first?: string;
  readonly last?: string;
}

export interface RunResult {
  readonly window: Window;
  /** Values of parameters that were given: they narrow what is asked. */
  readonly parameters: Readonly<Record<string, readonly Scalar[]>>;
  readonly coverage: Coverage;
  readonly results: readonly InvestigationResult[];
  /** Requests that each noise set hides from one investigation or more, each counted once for a set. */
  readonly hidden: Readonly<Record<string, number>>;
  /** Time the server spent on all that it was asked, in milliseconds. */
  readonly tookMs: number;
  /** Where there are no events: where there would be some. */
  readonly elsewhere?: readonly Place[];
}

/**
 * One request to the Elasticsearch that answers, as JSON in and out. Throws KauditError when the server refuses.
 * The query side knows no client: commands hand it this.
 */
export type Ask = (method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: object) => Promise<unknown>;
