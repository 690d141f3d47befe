import type { RunResult } from '../query/types.ts';
import { renderCsv } from './csv.ts';
import { renderJson } from './json.ts';
import { renderMarkdown } from './markdown.ts';
import type { RenderOptions } from './style.ts';
import { renderSummary } from './summary.ts';

export { renderExplanations } from './explanation.ts';
export { renderGrid } from './grid.ts';
export { type LoadCircumstances, type LoadProof, proofDocument, proofOf } from './load-report.ts';
export { renderLoad } from './load-summary.ts';
export { renderQuarantine, renderReplay } from './replay-summary.ts';
export { safeText, wrap } from './safe-text.ts';
export type { RenderOptions } from './style.ts';

export const FORMATS = ['table', 'json', 'csv', 'markdown'] as const;
export type Format = (typeof FORMATS)[number];

/** What a run found, in a format. */
export function renderRun(run: RunResult, format: Format, options: RenderOptions): string {
  switch (format) {
    case 'table':
      return renderSummary(run, options);
    case 'json':
      return renderJson(run);
    case 'csv':
      return renderCsv(run);
    case 'markdown':
      return renderMarkdown(run);
  }
}
