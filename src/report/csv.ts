import type { Group, RunResult, Scalar } from '../query/types.ts';
import { isList, type Shown } from './format.ts';
import { safeText } from './safe-text.ts';

const HEADERS = ['investigation', 'severity', 'status', 'requests', 'group', 'measures', 'reason', 'hidden'];

/** RFC 4180: a row for each group, and one for each investigation without groups. */
export function renderCsv({ results }: RunResult): string {
  const rows = results.flatMap(({ id, severity, status, groups, hidden, reason = '' }) => {
    if (groups.length === 0) return [[id, severity, status, '0', '', '', reason, pairs(hidden)]];
    return groups.map(({ by, requests, show, more }) => [
      id,
      severity,
      status,
      String(requests),
      pairs(by),
      pairs(show, more),
      reason,
      pairs(hidden),
    ]);
  });
  return [HEADERS, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

function pairs(values: Readonly<Record<string, Shown>>, more: Group['more'] = {}): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${isList(value) ? listed(value, more[name]) : (value ?? '')}`)
    .join('; ');
}

function listed(values: readonly Scalar[], unread = 0): string {
  return `${unread > 0 ? `${values.length + unread} in all: ` : ''}${values.join(' ')}`;
}

/** A spreadsheet runs what begins like a formula (OWASP, CSV injection): an apostrophe makes it text. */
function cell(value: string): string {
  const safe = safeText(value);
  const text = /^[=+\-@\t\r]/.test(safe) ? `'${safe}` : safe;
  return /[",\r\n;]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
