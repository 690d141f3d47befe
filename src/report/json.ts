import type { RunResult } from '../query/types.ts';
import { safeJson } from './safe-text.ts';

/** One JSON object on one line: the data as they are, with odd characters escaped. */
export function renderJson({ window, parameters, coverage, results, hidden, tookMs, elsewhere }: RunResult): string {
  return `${safeJson({ window, parameters, coverage, results, hidden, tookMs, ...(elsewhere && { elsewhere }) })}\n`;
}
