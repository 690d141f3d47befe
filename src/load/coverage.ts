import { LEVELS, type Level, STAGES, type Stage } from '../audit/event.ts';
import { isoMillis } from '../audit/time.ts';
import { type FileRange, type MissingRotation, missingRotations } from './rotation.ts';
import { openTimeline, type Timeline } from './timeline.ts';

/** A time without events that is longer than the limit. */
export interface Gap {
  /** ISO time of the last event before it. */
  readonly from: string;
  readonly to: string;
  readonly seconds: number;
}

/** Why a run has read only a part of its logs: an earlier one has read the beginning, or a later one reads the end. */
export type Part = 'interrupted' | 'resumed';

/** What the events of a load cover: whatever lies outside was not looked at, and says nothing. */
export interface Coverage {
  readonly first?: string;
  readonly last?: string;
  /** Events without a time to believe: in the counts, not in the times. */
  readonly undated: number;
  readonly levels: Readonly<Partial<Record<Level, number>>>;
  readonly stages: Readonly<Partial<Record<Stage, number>>>;
  /** Events by cluster; '' where none was named. */
  readonly clusters: Readonly<Record<string, number>>;
  /** Then gaps and missing files are not told: what was not read may be what seems to be missing. */
  readonly part?: Part;
  readonly gapLimitSeconds: number;
  /** Gaps shorter than this may have gone unseen: over the limit only where the events spread over years. */
  readonly gapResolutionSeconds: number;
  readonly gapCount: number;
  readonly gapSeconds: number;
  /** The longest, longest first. */
  readonly gaps: readonly Gap[];
  readonly missingRotations: readonly MissingRotation[];
}

/** What coverage needs to know of an event. */
export interface Covered {
  readonly micros: number | undefined;
  readonly level: Level;
  readonly stage: Stage;
}

/** The events of one file. */
export interface FileCoverage {
  readonly add: (event: Covered, cluster: string | undefined) => void;
}

export interface CoverageBuilder {
  /** `name` is undefined for a file that is not read from its beginning. */
  readonly file: (name: string | undefined) => FileCoverage;
  /** `part`: why not all was read. */
  readonly close: (part?: Part) => Coverage;
}

export const DEFAULT_GAP_SECONDS = 300;
const MOST_GAPS = 100;
const NO_GAPS = { gapCount: 0, gapSeconds: 0, gaps: [], missingRotations: [] } as const;

/** Watches the events of a load as they pass. Called for every event: no dates, no text, a few additions. */
export function openCoverage(gapSeconds = DEFAULT_GAP_SECONDS): CoverageBuilder {
  const timeline = openTimeline(gapSeconds * 1e6);
  const levels = zeroes(LEVELS);
  const stages = zeroes(STAGES);
  const clusters = countRuns();
  const files: FileRange[] = [];
  let undated = 0;
  return {
    file: (name) => {
      const range: FileRange = { name: name ?? '', first: Number.POSITIVE_INFINITY };
      if (name !== undefined) files.push(range);
      return {
        add: ({ micros, level, stage }, cluster = '') => {
          levels[level] += 1;
          stages[stage] += 1;
          clusters.add(cluster);
          if (micros === undefined) {
            undated += 1;
            return;
          }
          timeline.add(micros);
          if (micros < range.first) range.first = micros;
        },
      };
    },
    close: (part) => ({
      ...spanOf(timeline),
      undated,
      levels: withoutZeroes(levels),
      stages: withoutZeroes(stages),
      clusters: Object.fromEntries(clusters.counts()),
      gapLimitSeconds: gapSeconds,
      gapResolutionSeconds: timeline.resolution() / 1e6,
      ...(part === undefined
        ? { ...gapsOf(timeline), missingRotations: missingRotations(files, gapSeconds * 1e6) }
        : { ...NO_GAPS, part }),
    }),
  };
}

/** Counts words that come in long runs of the same one. */
function countRuns(): { readonly add: (word: string) => void; readonly counts: () => ReadonlyMap<string, number> } {
  const counts = new Map<string, number>();
  let current = '';
  let run = 0;
  const finish = (): void => {
    if (run > 0) counts.set(current, (counts.get(current) ?? 0) + run);
    run = 0;
  };
  return {
    add: (word) => {
      if (word !== current) {
        finish();
        current = word;
      }
      run += 1;
    },
    counts: () => {
      finish();
      return counts;
    },
  };
}

function zeroes<Word extends string>(words: readonly Word[]): Record<Word, number> {
  return Object.fromEntries(words.map((word) => [word, 0])) as Record<Word, number>;
}

function withoutZeroes<Word extends string>(counts: Readonly<Record<Word, number>>): Partial<Record<Word, number>> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0)) as Partial<Record<Word, number>>;
}

function spanOf(timeline: Timeline): Pick<Coverage, 'first' | 'last'> {
  const { first, last } = timeline.span();
  return first === undefined || last === undefined ? {} : { first: isoMillis(first), last: isoMillis(last) };
}

function gapsOf(timeline: Timeline): Pick<Coverage, 'gapCount' | 'gapSeconds' | 'gaps'> {
  const gaps = timeline.gaps();
  const longest = gaps.toSorted((a, b) => b.to - b.from - (a.to - a.from)).slice(0, MOST_GAPS);
  const micros = gaps.reduce((sum, { from, to }) => sum + to - from, 0);
  return {
    gapCount: gaps.length,
    gapSeconds: Math.round(micros / 1e6),
    gaps: longest.map(({ from, to }) => ({
      from: isoMillis(from),
      to: isoMillis(to),
      seconds: Math.round((to - from) / 1e6),
    })),
  };
}
