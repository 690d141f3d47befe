/** https://www.elastic.co/docs/reference/elasticsearch/clients/javascript/client-helpers#bulk-helper, with readline. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Client } from '@elastic/elasticsearch';
import { eventId, type PeerEvent, required } from './job.ts';

async function* events(): AsyncGenerator<PeerEvent> {
  const lines = createInterface({ input: createReadStream(required('BENCH_FILE')) });
  for await (const line of lines) yield JSON.parse(line) as PeerEvent;
}

const client = new Client({
  node: required('BENCH_URL'),
  auth: { username: required('BENCH_USERNAME'), password: required('BENCH_PASSWORD') },
});
const _index = required('BENCH_INDEX');
const withId = process.env['BENCH_ID'] === '1';

const result = await client.helpers.bulk<PeerEvent>({
  datasource: events(),
  onDocument: (event) => ({ index: withId ? { _index, _id: eventId(event) } : { _index } }),
});
console.log(result);
