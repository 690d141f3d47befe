/**
 * How many bytes may be under way to the server at once. More while that makes the load faster, half when the server
 * asks for less or takes much longer than it did: the server's queue is no place to wait in.
 */
export interface Window {
  /** Whether so many bytes more may be sent now. */
  readonly admits: (bytes: number) => boolean;
  readonly enter: (bytes: number) => void;
  /** They have been answered, after so many milliseconds. */
  readonly leave: (bytes: number, elapsedMs: number) => void;
  /** The server has asked for less. */
  readonly shrink: () => void;
  /** Bytes. */
  readonly limit: () => number;
}

export interface WindowOptions {
  /** Bytes by which it grows, and below which it never falls. */
  readonly step: number;
  readonly most: number;
  readonly now?: () => number;
}

/** What was seen since the last decision. */
interface Sample {
  readonly since: number;
  answers: number;
  bytes: number;
  elapsedMs: number;
  /** Something had to wait for room. */
  full: boolean;
}

/** Answers between two decisions: fewer would follow noise. */
const SAMPLE_ANSWERS = 6;
/** What a larger window must bring to be kept. */
const WORTHWHILE = 1.03;
/** Times the best latency of a byte under way: then the server's queue grows. */
const SLOW = 2.5;
/** Decisions to skip after one that shrank the window. */
const REST = 8;

export function openWindow({ step, most, now = Date.now }: WindowOptions): Window {
  let limit = Math.min(2 * step, most);
  let underWay = 0;
  let sample = newSample(now());
  /** Rate before the last growth, as long as it is not known whether that was worthwhile. */
  let rateBefore: number | undefined;
  let bestLatency = Number.POSITIVE_INFINITY;
  let rest = 0;

  const shrinkTo = (bytes: number): void => {
    limit = Math.max(step, bytes);
    rateBefore = undefined;
    rest = REST;
  };
  const decide = ({ since, answers, bytes, elapsedMs, full }: Sample): void => {
    const rate = bytes / Math.max(1, now() - since);
    // Milliseconds an answer takes grow with what is under way; each byte's share of them should not.
    const latency = elapsedMs / answers / limit;
    bestLatency = Math.min(bestLatency, latency);
    const grewInVain = rateBefore !== undefined && rate < rateBefore * WORTHWHILE;
    rateBefore = undefined;
    rest -= 1;
    if (latency > SLOW * bestLatency) shrinkTo(limit / 2);
    else if (grewInVain) shrinkTo(limit - step);
    else if (full && rest <= 0 && limit < most) {
      rateBefore = rate;
      limit = Math.min(limit + step, most);
    }
  };

  return {
    admits: (bytes) => {
      const admitted = underWay === 0 || underWay + bytes <= limit;
      if (!admitted) sample.full = true;
      return admitted;
    },
    enter: (bytes) => {
      underWay += bytes;
    },
    leave: (bytes, elapsedMs) => {
      underWay -= bytes;
      sample.answers += 1;
      sample.bytes += bytes;
      sample.elapsedMs += elapsedMs;
      if (sample.answers < SAMPLE_ANSWERS) return;
      decide(sample);
      sample = newSample(now());
    },
    shrink: () => shrinkTo(limit / 2),
    limit: () => limit,
  };
}

function newSample(since: number): Sample {
  return { since, answers: 0, bytes: 0, elapsedMs: 0, full: false };
}
