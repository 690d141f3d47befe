import type { RunResult } from '../query/types.ts';
import { timesOf } from './format.ts';
import { safeJson, safeText } from './safe-text.ts';

const HEADERS = [
  ...['investigation', 'severity', 'status', 'requests', 'first', 'last'],
  ...['group', 'measures', 'more', 'reason', 'hidden', 'parameters'],
];

/** RFC 4180: a row for each group, and one for each investigation without groups. What has several values is JSON. */
export function renderCsv({ results, parameters }: RunResult): string {
  const rows = results.flatMap(({ id, severity, status, groups, hidden, reason = '' }) => {
    const about = [reason, json(hidden), json(parameters)];
    if (groups.length === 0) return [[id, severity, status, '0', '', '', '', '', '', ...about]];
    return groups.map((group) => {
      const { first = '', last = '' } = timesOf(group) ?? {};
      const { by, requests, show, more = {} } = group;
      return [id, severity, status, String(requests), first, last, json(by), json(show), json(more), ...about];
    });
  });
  return [HEADERS, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

function json(values: object): string {
  return Object.keys(values).length === 0 ? '' : safeJson(values);
}

/** A spreadsheet runs what begins like a formula (OWASP, CSV injection): an apostrophe makes it text. */
function cell(value: string): string {
  const safe = safeText(value);
  const text = /^[=+\-@\t\r]/.test(safe) ? `'${safe}` : safe;
  return /[",\r\n;]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
