/** Lines that begin with something else than JSON: a time, a host, the head of a syslog message. */
import { addedOf, type Wrapping } from './wrapping.ts';

/** Longer than any of the heads below. */
const LONGEST_HEAD = 4096;

interface Head {
  readonly format: string;
  readonly pattern: RegExp;
}

const TIME = String.raw`(?<received>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)`;
// No word of a head holds what JSON begins with: a head must never reach into the event, where clients choose the text.
const HOST = String.raw`(?<node>[A-Za-z0-9][\w.:-]{0,254})`;
const WORD = String.raw`[^\s{["]{1,255}`;
const TAG = String.raw`[\w./-]{1,64}(?:\[\w{1,16}\])?:`;
const STRUCTURED_DATA = String.raw`(?:-|(?:\[[^\s\]"]+(?: [^\s\]"=]+="(?:[^"\\]|\\.)*")*\])+)`;
const JSON_AHEAD = String.raw`(?=\{\s?"|\[\s?[{"])`;

/** Each up to where the JSON begins. */
const HEADS: readonly Head[] = [
  // RFC 5424: <165>1 TIME HOST APP PROCID MSGID STRUCTURED-DATA MSG
  head('syslog', String.raw`<\d{1,3}>1 ${TIME} ${HOST} ${WORD} ${WORD} ${WORD} ${STRUCTURED_DATA} \ufeff?`),
  // RFC 3164: <13>Mar  2 09:41:07 HOST TAG[PID]: MSG, and as rsyslog writes it to files, without the priority.
  head('syslog', String.raw`(?:<\d{1,3}>)?[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d ${HOST} ${TAG} ?`),
  // The same with the time that rsyslog has written since its version 7.
  head('syslog', String.raw`(?:<\d{1,3}>)?${TIME} ${HOST} ${TAG} ?`),
  // Files that CloudWatch exports to S3, and kubectl logs --timestamps: TIME MESSAGE
  head('cloudwatch-export', `${TIME} `),
  // aws logs tail: TIME STREAM MESSAGE
  head('cloudwatch-tail', String.raw`${TIME} (?<log_stream>[\w./-]{1,512}) `),
  // oc adm node-logs: NODE MESSAGE
  head('node-logs', `${HOST} `),
];

function head(format: string, pattern: string): Head {
  return { format, pattern: new RegExp(`^${pattern}${JSON_AHEAD}`) };
}

/** What a line's head says, and the rest of it; undefined for a line without a head that is known. */
export function prefixed(text: string): Wrapping | undefined {
  const start = text.slice(0, LONGEST_HEAD);
  for (const { format, pattern } of HEADS) {
    const match = pattern.exec(start);
    if (match === null) continue;
    const { received, node, log_stream } = match.groups ?? {};
    const offset = match[0].length;
    const added = addedOf({ received, node, log_stream });
    return { format, inside: [{ kind: 'text', text: text.slice(offset), offset, added }] };
  }
  return undefined;
}
