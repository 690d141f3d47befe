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
  else if (path.startsWith('/_index_template/')) template(request.method, path.replace(/\?.*/, ''), body, response);
  // Nothing is there, and no index that a pattern names.
  else if (request.method === 'GET') response.writeHead(path.includes('*') ? 200 : 404).end('{}');
  else if (request.method === 'HEAD') response.writeHead(404).end();
  else response.end('{"acknowledged":true}');
}

const templates = new Map<string, string>();

function template(method: string | undefined, name: string, body: Buffer, response: ServerResponse): void {
  if (method === 'PUT') templates.set(name, body.toString());
  const known = templates.get(name);
  if (known === undefined) response.writeHead(404).end('{}');
  else response.end(`{"index_templates":[{"index_template":${known}}]}`);
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
}

/** An action and a document are two lines. */
async function bulk(body: Buffer): Promise<string> {
  // The record of the load itself is no event.
  if (folder !== undefined && !firstLine(body).includes('"kaudit-loads"')) {
    recorded += 1;
    await writeFile(bodyPath(folder, recorded), body);
  }
  const items: string[] = [];
  for (let at = 0, line = 0; at < body.length; line += 1) {
    const end = body.indexOf(NEWLINE, at);
    // kaudit holds each item against the id that it has sent.
    if (line % 2 === 0) items.push(`{"create":{"_id":"${idOf(body.toString('latin1', at, end))}","status":201}}`);
    at = end + 1;
  }
  return `{"took":1,"errors":false,"items":[${items.join(',')}]}`;
}

function firstLine(body: Buffer): string {
  return body.toString('latin1', 0, body.indexOf(NEWLINE));
}

function idOf(action: string): string {
  return /"_id":"([^"]*)"/.exec(action)?.[1] ?? '';
}
