/** The loader that people write with stream-json and p-limit: `tokens` parses as documented, `lines` a line at a time. */
import { createReadStream } from 'node:fs';
import { Client } from '@elastic/elasticsearch';
import pLimit from 'p-limit';
import { parser as lineParser } from 'stream-json/jsonl/parser.js';
import { streamValues } from 'stream-json/streamers/stream-values.js';
import { eventId, type PeerEvent, required } from './job.ts';

const BATCH = 2_000;
const AT_ONCE = 3;

const client = new Client({
  node: required('BENCH_URL'),
  auth: { username: required('BENCH_USERNAME'), password: required('BENCH_PASSWORD') },
});
const _index = required('BENCH_INDEX');
const withId = process.env['BENCH_ID'] === '1';
const parsing = process.argv[2] === 'tokens' ? streamValues.withParserAsStream() : lineParser.asStream();
const limit = pLimit(AT_ONCE);
const underWay = new Set<Promise<void>>();
let refused = 0;

async function send(events: readonly PeerEvent[]): Promise<void> {
  const operations = events.flatMap((event) => [
    { index: withId ? { _index, _id: eventId(event) } : { _index } },
    event,
  ]);
  const { errors, items } = await client.bulk({ operations });
  if (!errors) return;
  for (const { index } of items) {
    if (index?.error === undefined) continue;
    refused += 1;
    console.error(index._id, index.error.reason);
  }
}

let batch: PeerEvent[] = [];
async function dispatch(): Promise<void> {
  const events = batch;
  batch = [];
  const sent = limit(() => send(events));
  underWay.add(sent);
  void sent.then(() => underWay.delete(sent));
  // The one line of back-pressure that keeps memory in bounds.
  while (underWay.size > AT_ONCE) await Promise.race(underWay);
}

for await (const { value } of createReadStream(required('BENCH_FILE')).pipe(parsing)) {
  batch.push(value as PeerEvent);
  if (batch.length === BATCH) await dispatch();
}
if (batch.length > 0) await dispatch();
await Promise.all(underWay);
console.log(`done, ${refused} refused`);
