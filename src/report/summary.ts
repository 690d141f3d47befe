import { type Group, type InvestigationResult, type RunResult, SEVERITIES, type Unit } from '../query/types.ts';
import { cellsOf, isList, notesOf, number, percent, plural, quantity, span, timesOf, type Units } from './format.ts';
import { gridFits, gridLines } from './grid.ts';
import { padEnd, padStart, safeText, width, wrap } from './safe-text.ts';
import { paint, type RenderOptions, toneOf } from './style.ts';

const INDENT = 10;
const VALUES_IN_A_LINE = 5;
const MOST_NAMES = 20;

/** What a run found, for a person: findings first, then what was silent, hidden, and could not be seen. */
export function renderSummary(run: RunResult, options: RenderOptions): string {
  const { results, coverage } = run;
  const lines = [...header(run, options), ''];
  const [only] = results;
  if (coverage.events === 0) lines.push(...wrap(NO_EVENTS, options.columns));
  else if (results.length === 1 && only !== undefined) lines.push(...detail(only, options));
  else lines.push(...sections(run, options));
  return `${lines.join('\n')}\n`;
}

const NO_EVENTS =
  'No events in this window. Load some with kaudit load PATH, or look at other times, clusters and namespaces (--from, --to, --cluster, --namespace).';

function header({ coverage, window }: RunResult, { columns }: RenderOptions): readonly string[] {
  const { events, requests, levels, stages, clusters, first, last } = coverage;
  const names = Object.keys(clusters).map((name) => (name === '' ? '(no cluster name)' : safeText(name, 30)));
  const times = first === undefined || last === undefined ? windowText(window) : `${span(first, last)} UTC`;
  const counts = `${plural(events, 'event')} · ${plural(requests, 'request')}`;
  const text = [names.join(', '), times, counts].filter((part) => part !== '').join(' · ');
  const shares = (parts: Readonly<Record<string, number>>): string =>
    Object.entries(parts)
      .map(([name, count]) => `${name} ${percent(count, events)}`)
      .join(', ');
  return [
    ...wrap(text, columns),
    ...(events === 0 ? [] : wrap(`${shares(levels)} · ${shares(stages)}`, columns)),
    ...notesOf(coverage).flatMap((note) => wrap(note, columns, 2)),
  ];
}

function windowText({ from, to }: RunResult['window']): string {
  if (from === undefined && to === undefined) return 'all times';
  return `${from ?? 'the beginning'} to ${to ?? 'now'}`;
}

function sections({ results, hidden }: RunResult, options: RenderOptions): readonly string[] {
  const of = (status: InvestigationResult['status']): readonly InvestigationResult[] =>
    results.filter((result) => result.status === status);
  const found = [...of('findings')].sort(bySeverity);
  // What tells how a cluster is used always has something to tell: its names do, until somebody asks.
  const reports = options.verbose ? [] : found.filter(({ severity }) => severity === 'info');
  const findings = found.filter((result) => !reports.includes(result));
  const idWidth = Math.max(0, ...findings.map(({ id }) => id.length)) + 1;
  const blind = of('not-observable');
  const partly = results.filter(
    ({ status, reason }) => reason !== undefined && (status === 'findings' || status === 'none'),
  );
  return [
    `${paint('FINDINGS', 'strong', options)}  ${findings.length} of ${plural(results.length, 'investigation')}`,
    ...findings.flatMap((result) => findingLines(result, idWidth, options)),
    ...list(
      'REPORTS',
      reports.map(({ id, matches }) => `${id} ${number(matches)}`),
      options,
      'requests; kaudit query run ID shows one',
    ),
    ...silentLines(of('none'), options),
    ...hiddenLines(hidden, options),
    ...reasons('NOT OBSERVABLE', blind, options),
    ...reasons('PARTLY OBSERVABLE', partly, options),
    ...reasons('FAILED', of('error'), options),
    '',
    ...wrap(nextStep(found[0], options.scope), options.columns, 6),
  ];
}

function bySeverity(a: InvestigationResult, b: InvestigationResult): number {
  return (
    SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity) || b.matches - a.matches || (a.id < b.id ? -1 : 1)
  );
}

function findingLines(result: InvestigationResult, idWidth: number, options: RenderOptions): readonly string[] {
  const { id, severity, matches, title, groups, moreGroups, units } = result;
  const head = `${paint(padEnd(severity, INDENT), toneOf(severity), options)}${padEnd(id, idWidth)}${padStart(number(matches), 7)}  `;
  const titleRoom = options.columns - INDENT - idWidth - 7 - 2;
  const shown = options.verbose ? groups : groups.slice(0, 1);
  const more = groups.length - shown.length + moreGroups;
  return [
    (head + (titleRoom > 10 ? safeText(title, titleRoom) : '')).trimEnd(),
    ...shown.map((group) => ' '.repeat(INDENT) + groupLine(group, options.columns - INDENT, units)),
    ...(more > 0 ? [`${' '.repeat(INDENT)}${paint(`and ${plural(more, 'more group')}`, 'faint', options)}`] : []),
  ];
}

/** Who, what, and when, as far as the width goes; the times stand at the right. */
function groupLine(group: Group, columns: number, units: Units = {}): string {
  const times = timesOf(group);
  const when = times === undefined ? '' : span(times.first, times.last);
  const room = columns - (when === '' ? 0 : width(when) + 2);
  const { by, more } = group;
  const lists = Object.fromEntries(Object.entries(group.show).filter(([, value]) => isList(value)));
  const cells = cellsOf({ by, requests: group.requests, show: lists, ...(more && { more }) }, units, VALUES_IN_A_LINE);
  const parts = [...cells.filter((part) => part !== '-'), ...quantities(group, units)];
  const line = safeText(parts.join(' · '), room);
  return `${padEnd(line, room)}${when === '' ? '' : `  ${when}`}`.trimEnd();
}

/** Times and shares are the point of who asks for them. */
function quantities({ show }: Group, units: Readonly<Record<string, Unit>>): readonly string[] {
  return Object.entries(units).flatMap(([name, unit]) => {
    const value = show[name];
    return typeof value === 'number' ? [`${name} ${quantity(value, unit)}`] : [];
  });
}

function list(heading: string, items: readonly string[], options: RenderOptions, note = ''): readonly string[] {
  if (items.length === 0) return [];
  const text = `${heading}  ${items.map((item) => safeText(item)).join(', ')}${note === '' ? '' : ` (${note})`}`;
  const [first = '', ...rest] = wrap(text, options.columns, INDENT);
  return ['', paint(heading, 'strong', options) + first.slice(heading.length), ...rest];
}

/** All names where they are few; otherwise how many of each severity. */
function silentLines(silent: readonly InvestigationResult[], options: RenderOptions): readonly string[] {
  const names = silent.map(({ id }) => id);
  if (options.verbose || names.length <= MOST_NAMES) return list('SILENT', names, options);
  const counts = SEVERITIES.toReversed()
    .map((severity) => [severity, silent.filter((one) => one.severity === severity).length] as const)
    .filter(([, count]) => count > 0)
    .map(([severity, count]) => `${count} ${severity}`);
  return list('SILENT', [`${names.length} investigations: ${counts.join(', ')}`], options, '--verbose names them');
}

function hiddenLines(hidden: RunResult['hidden'], options: RenderOptions): readonly string[] {
  const sets = Object.entries(hidden).map(([set, count]) => `${number(count)} by ${set}`);
  return list('HIDDEN', sets, options, 'requests, each once for a set; --no-noise shows them');
}

function reasons(heading: string, results: readonly InvestigationResult[], options: RenderOptions): readonly string[] {
  if (results.length === 0) return [];
  // One reason may be that of many.
  const ids = new Map<string, string[]>();
  for (const { id, reason = '' } of results) ids.set(reason, [...(ids.get(reason) ?? []), id]);
  const lines = [...ids]
    .flatMap(([reason, names]) => wrap(`${names.join(', ')}: ${safeText(reason)}`, options.columns - 2, 2))
    .map((line) => `  ${line}`);
  return ['', `${paint(heading, 'strong', options)}  ${results.length}`, ...lines];
}

function nextStep(finding: InvestigationResult | undefined, scope = ''): string {
  return finding === undefined
    ? 'next: kaudit query list'
    : `next: kaudit query run ${finding.id}${scope} · kaudit query show ${finding.id}`;
}

/** One investigation, all its groups with all their measures. */
function detail(result: InvestigationResult, options: RenderOptions): readonly string[] {
  const { id, title, severity, status, matches, groups, moreGroups, hidden, reason } = result;
  const outcome = status === 'findings' ? plural(matches, 'request') : status.replace('-', ' ');
  const [head = '', ...rest] = wrap(`${severity} · ${safeText(title)} (${id}): ${outcome}`, options.columns);
  const painted = paint(severity, toneOf(severity), options) + head.slice(severity.length);
  const notes = reason === undefined ? [] : wrap(safeText(reason), options.columns);
  const more = moreGroups > 0 ? ['', `and ${plural(moreGroups, 'more group')}`] : [];
  return [
    painted,
    ...rest,
    ...notes,
    ...(groups.length === 0 ? [] : ['', ...groupTable(groups, result.units, options)]),
    ...more,
    ...hiddenLines(hidden, options),
  ];
}

function groupTable(groups: readonly Group[], units: Units, options: RenderOptions): readonly string[] {
  const [first] = groups;
  if (first === undefined) return [];
  const headers = [...Object.keys(first.by), ...Object.keys(first.show)];
  const rows = groups.map((group) => cellsOf(group, units));
  if (gridFits(headers, rows, options.columns)) return gridLines(headers, rows, options);
  // Too wide for lines: one block a group.
  const margin = Math.max(...headers.map(width)) + 2;
  return rows.flatMap((row, index) => [
    ...(index === 0 ? [] : ['']),
    ...row.flatMap((cell, at) =>
      wrap(`${padEnd(headers[at] ?? '', margin)}${safeText(cell)}`, options.columns, margin),
    ),
  ]);
}
