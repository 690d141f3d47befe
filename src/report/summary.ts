import { type Group, type InvestigationResult, type RunResult, SEVERITIES, type Unit } from '../query/types.ts';
import {
  cellsOf,
  isList,
  isTime,
  minute,
  notesOf,
  number,
  parametersText,
  percent,
  plural,
  quantity,
  span,
  timesOf,
  type Units,
} from './format.ts';
import { gridFits, gridLines, listLines } from './grid.ts';
import { padEnd, padStart, safeText, width, wrap, wrapIndented } from './safe-text.ts';
import { paint, type RenderOptions, roomOf, toneOf } from './style.ts';

const INDENT = 10;
const VALUES_IN_A_LINE = 5;
const MOST_NAMES = 20;

/** What a run found, for a person: findings first, then what was silent, hidden, and could not be seen. */
export function renderSummary(run: RunResult, options: RenderOptions): string {
  const { results, coverage } = run;
  const lines = [...header(run, options), ''];
  const [only] = results;
  if (coverage.events === 0) lines.push(...nothing(run, options));
  else if (results.length === 1 && only !== undefined) lines.push(...detail(only, options));
  else lines.push(...sections(run, options));
  return `${lines.join('\n')}\n`;
}

const MOST_PLACES = 20;

/** Where there would have been something to look at. */
function nothing({ elsewhere }: RunResult, options: RenderOptions): readonly string[] {
  if (elsewhere === undefined) return ['No events in this window.'];
  if (elsewhere.length === 0) return wrap('No events in any namespace. Load some: kaudit load PATH', options.columns);
  const says = 'No events in this window. There are some in (--namespace, --cluster, --from, --to choose):';
  const rows = elsewhere
    .slice(0, MOST_PLACES)
    .map(({ namespace, cluster, first, last, events }) => [
      namespace,
      first === undefined ? '-' : minute(first),
      last === undefined ? '-' : minute(last),
      number(events),
      cluster === '' ? '(no cluster name)' : cluster,
    ]);
  const more = elsewhere.length - rows.length;
  return [
    ...wrap(says, options.columns),
    '',
    ...listLines(['namespace', 'first', 'last', 'events', 'cluster'], rows, options),
    ...(more > 0 ? [`and ${number(more)} more`] : []),
  ];
}

function header({ coverage, window, parameters }: RunResult, { columns }: RenderOptions): readonly string[] {
  const { events, requests, levels, stages, clusters, first, last } = coverage;
  const names = Object.keys(clusters).map((name) => (name === '' ? '(no cluster name)' : safeText(name)));
  const asked = parametersText(parameters);
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
    ...(asked === '' ? [] : wrap(`PARAMETERS  ${safeText(asked)}`, columns, 2)),
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
    ...remedies(blind, options),
    ...reasons('PARTLY OBSERVABLE', partly, options),
    ...reasons('FAILED', of('error'), options),
    '',
    ...nextLines(found[0], options),
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
  const titleRoom = roomOf(options) - INDENT - idWidth - 7 - 2;
  const shown = options.verbose ? groups : groups.slice(0, 1);
  const more = groups.length - shown.length + moreGroups;
  return [
    (head + (titleRoom > 10 ? safeText(title, titleRoom) : '')).trimEnd(),
    ...shown.map((group) => ' '.repeat(INDENT) + groupLine(group, options, units)),
    ...(more > 0 ? [`${' '.repeat(INDENT)}${paint(`and ${plural(more, 'more group')}`, 'faint', options)}`] : []),
  ];
}

/** Who, what, and when, as far as a terminal's width goes; the times stand at the right. */
function groupLine(group: Group, options: RenderOptions, units: Units = {}): string {
  const times = timesOf(group);
  const when = times === undefined ? '' : span(times.first, times.last);
  const taken = INDENT + (when === '' ? 0 : width(when) + 2);
  const { by, requests, more } = group;
  const lists = Object.fromEntries(Object.entries(group.show).filter(([, value]) => isList(value)));
  const who = cellsOf({ by, requests, show: {} });
  const what = cellsOf({ by: {}, requests, show: lists, ...(more && { more }) }, units, VALUES_IN_A_LINE);
  const parts = [...who, ...peakOf(group), ...what, ...quantities(group, units)].filter((part) => part !== '-');
  const line = safeText(parts.join(' · '), roomOf(options) - taken);
  return `${padEnd(line, options.columns - taken)}${when === '' ? '' : `  ${when}`}`.trimEnd();
}

/** `peak 105 at 08:31`, with the date where the group is of several days. */
function peakOf(group: Group): readonly string[] {
  const { peak, peakFrom } = group.show;
  const times = timesOf(group);
  if (typeof peak !== 'number' || times === undefined || !isTime(peakFrom)) return [];
  const isOneDay = times.first.slice(0, 10) === times.last.slice(0, 10);
  return [`peak ${number(peak)} at ${isOneDay ? minute(peakFrom).slice(11) : minute(peakFrom)}`];
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

/** What makes them observable, each once: many have the same. */
function remedies(results: readonly InvestigationResult[], { columns }: RenderOptions): readonly string[] {
  const all = new Set(results.flatMap(({ remedy }) => (remedy === undefined ? [] : [remedy])));
  return [...all].flatMap((remedy) => wrapIndented(safeText(remedy), columns, 2, 2));
}

/** One command a line, never broken: they are there to be copied. */
function nextLines(finding: InvestigationResult | undefined, { commandsFor = plainly }: RenderOptions): string[] {
  const commands = finding === undefined ? ['kaudit query list'] : commandsFor(finding.id);
  return commands.map((command, at) => `${at === 0 ? 'next: ' : '      '}${safeText(command)}`);
}

function plainly(id: string): readonly string[] {
  return [`kaudit query run ${id}`, `kaudit query show ${id}`];
}

/** One investigation, all its groups with all their measures. */
function detail(result: InvestigationResult, options: RenderOptions): readonly string[] {
  const { id, title, severity, status, matches, groups, moreGroups, hidden, reason, remedy } = result;
  const outcome = status === 'findings' ? plural(matches, 'request') : status.replace('-', ' ');
  const [head = '', ...rest] = wrap(`${severity} · ${safeText(title)} (${id}): ${outcome}`, options.columns);
  const painted = paint(severity, toneOf(severity), options) + head.slice(severity.length);
  const notes = [reason, remedy].flatMap((note) => (note === undefined ? [] : wrap(safeText(note), options.columns)));
  const more = moreGroups > 0 ? ['', `and ${plural(moreGroups, 'more group')} (--limit lists more)`] : [];
  return [
    painted,
    ...rest,
    ...notes,
    ...(groups.length === 0 ? [] : ['', ...groupTable(groups, result.units, options)]),
    ...more,
    ...legendLines(result, options),
    ...hiddenLines(hidden, options),
  ];
}

/** What numbers count that a kind adds by itself. */
function legendLines({ groups, legend = {} }: InvestigationResult, { columns }: RenderOptions): readonly string[] {
  if (groups.length === 0) return [];
  const lines = Object.entries(legend).flatMap(([name, says]) => wrap(`${name}: ${safeText(says)}`, columns, 2));
  return lines.length === 0 ? [] : ['', ...lines];
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
    ...row.flatMap((cell, at) => keyLines(headers[at] ?? '', cell, margin, options)),
  ]);
}

/** Ids in a value are never cut: they are what one searches for next. */
function keyLines(name: string, value: string, margin: number, options: RenderOptions): readonly string[] {
  const room = Math.max(roomOf(options) - margin, 1);
  return wrap(safeText(value), room).map((line, at) => (padEnd(at === 0 ? name : '', margin) + line).trimEnd());
}
