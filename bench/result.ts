/** What a part of the benchmark found. */
export interface PartResult {
  readonly part: string;
  readonly title: string;
  /** Size and settings, in one sentence. */
  readonly method: string;
  readonly tables: readonly Table[];
  readonly checks: readonly Check[];
  /** What could not be measured, and why. */
  readonly skipped: readonly string[];
  /** Every round, for machines. */
  readonly rounds: readonly object[];
}

export interface Table {
  readonly title: string;
  readonly headers: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A claim with the number that it needs and the one that was measured. */
export interface Check {
  readonly claim: string;
  readonly target: string;
  readonly measured: string;
  readonly holds: boolean;
}

export function atLeast(claim: string, measured: number, target: number): Check {
  const holds = measured >= target;
  return { claim, target: `>= ${target}`, measured: measured.toFixed(2), holds };
}

export function atMost(claim: string, measured: number, target: number): Check {
  const holds = measured <= target;
  return { claim, target: `<= ${target}`, measured: measured.toFixed(2), holds };
}

export function renderPart({ title, method, tables, checks, skipped }: PartResult): string {
  const parts = [`## ${title}\n\n${method}\n`, ...tables.map(renderTable)];
  if (checks.length > 0) parts.push(renderTable(checkTable(checks)));
  if (skipped.length > 0) parts.push(skipped.map((sentence) => `- ${sentence}\n`).join(''));
  return parts.join('\n');
}

export function checkTable(checks: readonly Check[]): Table {
  return {
    title: '',
    headers: ['Claim', 'Target', 'Measured', 'Holds'],
    rows: checks.map(({ claim, target, measured, holds }) => [claim, target, measured, holds ? 'yes' : '**no**']),
  };
}

/** A Markdown table, with columns aligned for a terminal as well. */
export function renderTable({ title, headers, rows }: Table): string {
  const widths = headers.map((header, at) => Math.max(header.length, ...rows.map((row) => (row[at] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |\n`;
  const table = line(headers) + line(widths.map((width) => '-'.repeat(width))) + rows.map(line).join('');
  return title === '' ? table : `**${title}**\n\n${table}`;
}
