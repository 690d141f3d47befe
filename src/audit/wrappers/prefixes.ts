/** Lines that begin with something else than JSON: a time, a host, the head of a syslog message. */
import { addedOf, type Wrapping } from './wrapping.ts';

/** Longer than any of the heads below. */
const LONGEST_HEAD = 4096;

interface Head {
  readonly format: string;
  readonly pattern: RegExp;
}

const TIME = String.raw`(?<received>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d))`;
const STRUCTURED_DATA = String.raw`(?:-|(?:\[[^\]"]*(?:"(?:[^"\\]|\\.)*"[^\]"]*)*\])+)`;

/** Each up to where the JSON begins. */
const HEADS: readonly Head[] = [
  // RFC 5424: <165>1 TIME HOST APP PROCID MSGID STRUCTURED-DATA MSG
  {
    format: 'syslog',
    pattern: new RegExp(String.raw`^<\d{1,3}>1 ${TIME} (?<node>\S+) \S+ \S+ \S+ ${STRUCTURED_DATA} \ufeff?(?=[[{])`),
  },
  // RFC 3164: <13>Mar  2 09:41:07 HOST TAG[PID]: MSG, and as rsyslog writes it to files, without the priority.
  {
    format: 'syslog',
    pattern: /^(?:<\d{1,3}>)?[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d (?<node>\S+) [^:\s]{1,64}: ?(?=[[{])/,
  },
  // The same with the time that rsyslog has written since its version 7.
  { format: 'syslog', pattern: new RegExp(String.raw`^(?:<\d{1,3}>)?${TIME} (?<node>\S+) [^:\s]{1,64}: ?(?=[[{])`) },
  // Files that CloudWatch exports to S3: TIME MESSAGE
  { format: 'cloudwatch-export', pattern: new RegExp(`^${TIME} (?=[[{])`) },
  // oc adm node-logs: NODE MESSAGE
  { format: 'node-logs', pattern: /^(?<node>[A-Za-z0-9][A-Za-z0-9.-]{0,252}) (?=[[{])/ },
];

/** What a line's head says, and the rest of it; undefined for a line without a head that is known. */
export function prefixed(text: string): Wrapping | undefined {
  const head = text.slice(0, LONGEST_HEAD);
  for (const { format, pattern } of HEADS) {
    const match = pattern.exec(head);
    if (match === null) continue;
    const { received, node } = match.groups ?? {};
    const offset = match[0].length;
    return { format, inside: [{ kind: 'text', text: text.slice(offset), offset, added: addedOf({ received, node }) }] };
  }
  return undefined;
}
