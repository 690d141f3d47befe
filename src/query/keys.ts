/** What requests are grouped by: fields, and spans of time. */
import { z } from 'zod';
import type { JsonObject } from '../shared/json.ts';
import { parseDuration } from './time.ts';
import type { Scalar } from './types.ts';

export const keySchema = z.union(
  [
    z.string().trim().min(1),
    z.strictObject({
      every: z.string().refine((value) => parseDuration(value) !== undefined, 'a duration such as 10m, 1h or 7d'),
    }),
  ],
  'a field, or a span of time such as { every: 1h }',
);

export type Key = z.infer<typeof keySchema>;

/** What a group calls the beginning of its span. */
const TIME = 'time';

export function nameOf(key: Key): string {
  return typeof key === 'string' ? key : TIME;
}

/** Sources of a composite aggregation, by the names that its buckets have them under. */
export type Sources = Readonly<Record<string, JsonObject>>;

export function sourceOf(key: Key): JsonObject {
  if (typeof key === 'string') return { terms: { field: key, missing_bucket: true } };
  // The server knows no weeks.
  const fixed_interval = `${parseDuration(key.every)}ms`;
  return { date_histogram: { field: '@timestamp', fixed_interval, missing_bucket: true } };
}

/** The value of a key in a bucket: a span by its beginning, in ISO 8601. Events without a time have null. */
export function keyValue(key: Key, value: unknown): Scalar | null {
  const scalar = scalarOf(value);
  return typeof key === 'object' && typeof scalar === 'number' ? new Date(scalar).toISOString() : scalar;
}

export function scalarOf(value: unknown): Scalar | null {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}
