/** What the schemas of definitions are made of. */
import { z } from 'zod';
import { parseDuration } from './time.ts';

export const text = z.string().trim().min(1);
export const field = text;
export const duration = z
  .string()
  .refine((value) => parseDuration(value) !== undefined, 'a duration such as 10m, 1h or 7d');
/** A duration that is not nothing. */
export const span = duration.refine((value) => parseDuration(value) !== 0, 'longer than nothing');
