import { createServer } from 'node:http';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { connect } from '../../src/elastic/index.ts';
import { listen } from '../support/cluster.ts';

let close: () => void = () => {};
afterEach(() => close());

/** A server that is no Elasticsearch, or an old one: what it says at its root. */
async function serverThatSays(status: number, body: string, headers: Record<string, string> = {}): Promise<string> {
  const server = createServer(
    (_, response) => void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body),
  );
  close = () => void server.close();
  return await listen(server);
}

const ELASTIC = { 'x-elastic-product': 'Elasticsearch' };

describe('connect', () => {
  it('tells the version of the server', async () => {
    const server = inject('elasticsearch');
    expect(await connect(server)).toMatchObject({ url: server.url, version: expect.stringMatching(/^(8\.19|9\.)/) });
  });

  it('says when the password is wrong', async () => {
    const error = connect({ ...inject('elasticsearch'), password: 'wrong' });
    await expect(error).rejects.toMatchObject({
      code: 'unauthorized',
      hint: expect.stringContaining('ELASTICSEARCH_PASSWORD'),
    });
  });

  it('says when there is no password, and where to put one', async () => {
    await expect(connect({ url: inject('elasticsearch').url })).rejects.toMatchObject({
      code: 'unauthorized',
      message: expect.stringContaining('asks for credentials, and none are set'),
      hint: 'Set ELASTICSEARCH_API_KEY, or ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD.',
    });
  });

  it('says when nobody listens', async () => {
    const url = await serverThatSays(200, '');
    close();
    await expect(connect({ url })).rejects.toMatchObject({
      code: 'unreachable',
      hint: expect.stringContaining('ELASTICSEARCH_URL'),
    });
  });

  it.each([
    ['a web server', 200, '<html></html>', { 'content-type': 'text/html' }],
    ['a page that is not there', 404, '{}', {}],
    ['OpenSearch', 200, '{"version":{"number":"2.19.0","distribution":"opensearch"}}', ELASTIC],
    ['JSON of something else', 200, '{"hello":"world"}', ELASTIC],
  ])('says that %s is not Elasticsearch', async (_, status, body, headers) => {
    await expect(connect({ url: await serverThatSays(status, body, headers) })).rejects.toMatchObject({
      code: 'unsupported-server',
      message: expect.stringContaining('is not Elasticsearch'),
    });
  });

  it.each(['7.17.29', '8.18.4'])('refuses %s', async (number) => {
    const url = await serverThatSays(200, JSON.stringify({ version: { number } }), ELASTIC);
    await expect(connect({ url })).rejects.toMatchObject({
      code: 'unsupported-server',
      message: expect.stringContaining(`${number}; kaudit needs 8.19`),
    });
  });

  it('takes 503 for a server that is not ready', async () => {
    await expect(connect({ url: await serverThatSays(503, '{}', ELASTIC) })).rejects.toMatchObject({
      code: 'unreachable',
    });
  });

  it.each(['', 'localhost', 'ftp://localhost', 'http://user:secret@localhost:9200'])(
    'refuses the address "%s"',
    async (url) => {
      await expect(connect({ url })).rejects.toMatchObject({ code: 'invalid-configuration' });
    },
  );

  it('says when the file of the authority is not there', async () => {
    await expect(connect({ url: 'https://localhost:9', caFile: 'none.pem' })).rejects.toMatchObject({
      code: 'invalid-configuration',
      message: expect.stringContaining('none.pem'),
    });
  });
});
