import { basename, dirname, join } from 'node:path';
import { isoMillis } from '../audit/time.ts';

/** A file and the time of its first event in microseconds; infinity where it has none. */
export interface FileRange {
  readonly name: string;
  first: number;
}

/** Events that a rotated file held seem not to have been there. */
export interface MissingRotation {
  /** The backup before the hole, and the file after it. */
  readonly after: string;
  readonly before: string;
  /** When the first was rotated, and when the other begins. */
  readonly from: string;
  readonly to: string;
  readonly seconds: number;
}

/**
 * lumberjack, which rotates the API server's log, names a backup `audit-2026-03-02T09-41-07.123.log`: the time in UTC at
 * which it was closed, which is when its successor was opened (natefinch/lumberjack, backupName).
 */
const BACKUP = /^(.+)-(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d\.\d{3})(\.[^.]+)?$/;

interface Rotated {
  readonly name: string;
  readonly first: number;
  /** End of its range; infinity for the live file. */
  readonly end: number;
}

/** Holes between the files of a rotation: a file begins more than the limit after the one before it was closed. */
export function missingRotations(files: readonly FileRange[], limitMicros: number): readonly MissingRotation[] {
  return [...seriesOf(files).values()].flatMap((series) => {
    const sorted = series.toSorted((a, b) => a.end - b.end);
    return sorted.slice(1).flatMap((file, at) => {
      const previous = sorted[at];
      return previous === undefined ? [] : holeBetween(previous, file, limitMicros);
    });
  });
}

/** Files of one log: the same folder, stem and extension. */
function seriesOf(files: readonly FileRange[]): ReadonlyMap<string, readonly Rotated[]> {
  const series = new Map<string, Rotated[]>();
  for (const { name, first } of files) {
    const { log, end } = readName(name);
    const known = series.get(log);
    if (known === undefined) series.set(log, [{ name, first, end }]);
    else known.push({ name, first, end });
  }
  return series;
}

function readName(name: string): { readonly log: string; readonly end: number } {
  const plain = basename(name).replace(/\.gz$/, '');
  const [, stem, day, hour, minute, second, extension = ''] = BACKUP.exec(plain) ?? [];
  const millis = Date.parse(`${day}T${hour}:${minute}:${second}Z`);
  if (stem === undefined || Number.isNaN(millis)) {
    return { log: join(dirname(name), plain), end: Number.POSITIVE_INFINITY };
  }
  return { log: join(dirname(name), stem + extension), end: millis * 1000 };
}

function holeBetween(previous: Rotated, file: Rotated, limitMicros: number): readonly MissingRotation[] {
  const silent = file.first - previous.end;
  if (!Number.isFinite(silent) || silent <= limitMicros) return [];
  return [
    {
      after: previous.name,
      before: file.name,
      from: isoMillis(previous.end),
      to: isoMillis(file.first),
      seconds: Math.round(silent / 1e6),
    },
  ];
}
