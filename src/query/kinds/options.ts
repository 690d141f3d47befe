/** What each kind of investigation is told beside what all of them are. */
import { z } from 'zod';
import { duration, field, span, text } from '../schema.ts';

export const threshold = z.strictObject({
  atLeast: z.number().int().min(2),
  within: duration,
  /** Counts distinct values of this field, which has one value a request, instead of requests. */
  distinct: field.optional(),
  /** Requests that weigh as much as several: one that deletes many objects is more than one deletion. */
  heavy: z.strictObject({ match: text, counts: z.number().int().min(2).max(1000) }).optional(),
});

export const newTerms = z.strictObject({
  /** The combination that is new; among `group.by`. */
  fields: z.array(field).min(1).max(3),
  /** How far back it must not have been seen. */
  history: span,
  /** KQL of the requests that count as having seen it; without it, those that match. */
  of: text.optional(),
  /** What has a value of the first field that no event of the history has: all that a newcomer does is new. */
  newcomers: z.enum(['report', 'leave-out']).default('report'),
});

export const rare = z.strictObject({
  /** The combination that is rare; among `group.by`. */
  fields: z.array(field).min(1).max(3),
  atMost: z.number().int().min(1),
  /** Counts distinct values of this field instead of requests. */
  distinct: field.optional(),
  /** So many requests must match before anything is called rare: among few, everything is. */
  among: z.number().int().min(2),
});

const step = z.strictObject({
  /** What the values of this step are shown as. */
  name: text,
  match: text,
  /** Where the values that join the steps are in this one; without it, in the fields of the sequence. */
  by: z.array(field).min(1).max(3).optional(),
  /** So many requests make this step. */
  count: z.number().int().min(1).max(100).default(1),
  /** The field whose values tell what was done. */
  show: field.default('kaudit.object'),
});

export const sequence = z.strictObject({
  /** Fields whose values join the steps. */
  by: z.array(field).min(1).max(3),
  /** From the first request to the last, at most. */
  within: span,
  steps: z.array(step).min(2).max(4),
  /** KQL of a request that undoes what came before it, joined by the same fields. */
  without: text.optional(),
});

export const spike = z.strictObject({
  /** Length of the slots that are compared. */
  every: span,
  /** The time before a slot whose average is what is usual. */
  baseline: span,
  /** A spike is at least so many times what is usual. */
  times: z.number().min(1.5),
  atLeast: z.number().int().min(2),
  /** Counts distinct values of this field instead of requests. */
  distinct: field.optional(),
});

export const gap = z.strictObject({
  longerThan: span,
  /** Silence is told only of who had made a request every so often, on average, for as long as `longerThan`. */
  usually: span,
});

export type ThresholdOptions = z.infer<typeof threshold>;
export type SequenceOptions = z.infer<typeof sequence>;
export type SpikeOptions = z.infer<typeof spike>;
