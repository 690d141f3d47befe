/**
 * What stands in for Elasticsearch where it is the client that is measured: takes everything, answers at once, and keeps
 * the bulk bodies when it is told a folder: `sink.js [FOLDER]`. Prints its address.
 */
import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { bodyPath } from './contenders/prebuilt.ts';

const [, , folder] = process.argv;
const NEWLINE = 10;
let recorded = 0;

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    console.error(error);
    response.destroy();
  });
});
server.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await read(request);
  const path = request.url ?? '/';
  response.setHeader('x-elastic-product', 'Elasticsearch');
  response.setHeader('content-type', 'application/json');
  if (path.includes('/_bulk')) response.end(await bulk(body));
  else if (path === '/') response.end('{"version":{"number":"9.5.3"}}');
  else if (request.method === 'GET') response.writeHead(404).end('{}');
  else response.end('{"acknowledged":true}');
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
}

/** An action and a document are two lines. */
async function bulk(body: Buffer): Promise<string> {
  if (folder !== undefined) {
    recorded += 1;
    await writeFile(bodyPath(folder, recorded), body);
  }
  let lines = 0;
  for (let at = body.indexOf(NEWLINE); at !== -1; at = body.indexOf(NEWLINE, at + 1)) lines += 1;
  return `{"took":1,"errors":false,"items":[${created(lines / 2)}]}`;
}

const answers = new Map<number, string>();
function created(documents: number): string {
  const known = answers.get(documents) ?? new Array(documents).fill('{"create":{"status":201}}').join(',');
  answers.set(documents, known);
  return known;
}
