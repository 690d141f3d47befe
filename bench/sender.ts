/** Sends the request bodies of a folder, N in flight, and does nothing else: `sender.js FOLDER N`. */
import { readdir, readFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { required } from './peers/job.ts';

const [folder = '.', inFlight = '4'] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true });
const options = {
  agent,
  method: 'POST',
  auth: `${required('BENCH_USERNAME')}:${required('BENCH_PASSWORD')}`,
  headers: { 'content-type': 'application/x-ndjson' },
};

function send(body: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const sending = request(`${required('BENCH_URL')}/_bulk?filter_path=errors`, options, (response) => {
      let answer = '';
      response.on('data', (data: Buffer) => {
        answer += data.toString();
      });
      response.on('end', () => {
        if (!answer.includes('"errors":false')) process.exitCode = 1;
        resolve();
      });
    });
    sending.on('error', reject);
    sending.end(body);
  });
}

const names = await readdir(folder);
const next = names.sort().values();
async function work(): Promise<void> {
  for (const name of next) await send(await readFile(join(folder, name)));
}
await Promise.all(Array.from({ length: Number(inFlight) }, work));
agent.destroy();
