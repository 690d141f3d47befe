import { randomBytes } from 'node:crypto';
import { readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type FetchOptions, fetchArtifact } from '../../../src/elastic/embedded/fetch.ts';
import { choosePorts } from '../../../src/elastic/embedded/port.ts';
import { artifactOf, serve, startRepository } from './repository.ts';
import { temporaryFolder } from './temporary.ts';

const CONTENT = randomBytes(300_000);
const ARTIFACT = artifactOf(CONTENT);

function optionsFor(mirror: string, more: Partial<FetchOptions> = {}): FetchOptions {
  return { mirror, say: () => {}, progress: () => {}, ...more };
}

describe('fetching an artifact', () => {
  it('asks the mirror under the Maven coordinates and leaves nothing but the file', async () => {
    const folder = await temporaryFolder();
    const { mirror, requests } = await startRepository(serve(CONTENT));
    expect(await fetchArtifact(ARTIFACT, join(folder, 'thing.zip'), optionsFor(mirror))).toBe(true);
    expect(requests.map(({ url }) => url)).toEqual(['/maven/org/example/thing/1.0/thing-1.0.zip']);
    expect(await readdir(folder)).toEqual(['thing.zip']);
    expect(CONTENT.equals(await readFile(join(folder, 'thing.zip')))).toBe(true);
  });

  it('asks for nothing when the file is there', async () => {
    const path = join(await temporaryFolder(), 'thing.zip');
    await writeFile(path, CONTENT);
    const { mirror, requests } = await startRepository(serve(CONTENT));
    expect(await fetchArtifact(ARTIFACT, path, optionsFor(mirror))).toBe(true);
    expect(requests).toHaveLength(0);
  });

  it('replaces a file that is not the original', async () => {
    const path = join(await temporaryFolder(), 'thing.zip');
    await writeFile(path, 'something else');
    const { mirror } = await startRepository(serve(CONTENT));
    await fetchArtifact(ARTIFACT, path, optionsFor(mirror));
    expect(CONTENT.equals(await readFile(path))).toBe(true);
  });

  it('goes on where the connection broke', async () => {
    const path = join(await temporaryFolder(), 'thing.zip');
    const { mirror, requests } = await startRepository((request, response) => {
      if (request.headers.range !== undefined) return serve(CONTENT)(request, response);
      response.writeHead(200, { 'content-length': CONTENT.length });
      response.write(CONTENT.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 50));
    });
    await fetchArtifact(ARTIFACT, path, optionsFor(mirror));
    expect(requests.map(({ headers }) => headers.range)).toEqual([undefined, 'bytes=100000-']);
    expect(CONTENT.equals(await readFile(path))).toBe(true);
  });

  it('goes on where an earlier run was killed', async () => {
    const path = join(await temporaryFolder(), 'thing.zip');
    await writeFile(`${path}.part`, CONTENT.subarray(0, 250_000));
    const { mirror, requests } = await startRepository(serve(CONTENT));
    await fetchArtifact(ARTIFACT, path, optionsFor(mirror));
    expect(requests.map(({ headers }) => headers.range)).toEqual(['bytes=250000-']);
    expect(CONTENT.equals(await readFile(path))).toBe(true);
  });

  it('starts over when what an earlier run left does not fit', async () => {
    const path = join(await temporaryFolder(), 'thing.zip');
    await writeFile(`${path}.part`, randomBytes(1000));
    const { mirror } = await startRepository(serve(CONTENT));
    await fetchArtifact(ARTIFACT, path, optionsFor(mirror));
    expect(CONTENT.equals(await readFile(path))).toBe(true);
  });

  it('takes the whole from a server that does not know ranges', async () => {
    const path = join(await temporaryFolder(), 'thing.zip');
    await writeFile(`${path}.part`, CONTENT.subarray(0, 250_000));
    const { mirror } = await startRepository((_request, response) => void response.end(CONTENT));
    await fetchArtifact(ARTIFACT, path, optionsFor(mirror));
    expect(CONTENT.equals(await readFile(path))).toBe(true);
  });

  it('starts over when the server says that there is nothing after what we have', async () => {
    const path = join(await temporaryFolder(), 'thing.zip');
    await writeFile(`${path}.part`, Buffer.concat([CONTENT, CONTENT]));
    const { mirror } = await startRepository((request, response) => {
      if (request.headers.range !== undefined) return void response.writeHead(416).end();
      response.end(CONTENT);
    });
    await fetchArtifact(ARTIFACT, path, optionsFor(mirror));
    expect(CONTENT.equals(await readFile(path))).toBe(true);
  });

  it('refuses what is not the original, and keeps nothing of it', async () => {
    const folder = await temporaryFolder();
    const { mirror } = await startRepository(serve(randomBytes(1000)));
    const fetched = fetchArtifact(ARTIFACT, join(folder, 'thing.zip'), optionsFor(mirror));
    await expect(fetched).rejects.toMatchObject({
      code: 'bad-download',
      hint: expect.stringContaining(ARTIFACT.sha256),
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it('tells apart that the repository does not have it', async () => {
    const path = join(await temporaryFolder(), 'thing.zip');
    const { mirror } = await startRepository((_request, response) => void response.writeHead(404).end());
    expect(await fetchArtifact(ARTIFACT, path, optionsFor(mirror))).toBe(false);
  });

  it('tries again when the server is out of order for a moment', async () => {
    const path = join(await temporaryFolder(), 'thing.zip');
    let down = 2;
    const { mirror, requests } = await startRepository((request, response) => {
      down -= 1;
      return down >= 0 ? void response.writeHead(503).end() : serve(CONTENT)(request, response);
    });
    expect(await fetchArtifact(ARTIFACT, path, optionsFor(mirror))).toBe(true);
    expect(requests).toHaveLength(3);
  });

  it('says what to do when nobody answers', async () => {
    const path = join(await temporaryFolder(), 'thing.zip');
    const { http } = await choosePorts(undefined, undefined);
    const fetched = fetchArtifact(ARTIFACT, path, optionsFor(`http://127.0.0.1:${http}`));
    await expect(fetched).rejects.toMatchObject({
      code: 'no-network',
      message: expect.stringMatching(/^org\.example:thing:1\.0 .* from 127\.0\.0\.1:\d+: .*ECONNREFUSED/),
      hint: expect.stringContaining('KAUDIT_MAVEN_MIRROR'),
    });
  });

  it('sends the credentials of the mirror and never shows them', async () => {
    const path = join(await temporaryFolder(), 'thing.zip');
    const { mirror, requests } = await startRepository((_request, response) => void response.writeHead(401).end());
    const error = await fetchArtifact(ARTIFACT, path, optionsFor(mirror.replace('//', '//me:se%40cret@'))).catch(
      (thrown: unknown) => thrown,
    );
    expect(requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from('me:se@cret').toString('base64')}`);
    expect(error).toMatchObject({ code: 'no-network', message: expect.stringContaining('401') });
    expect(`${error} ${JSON.stringify(error)}`).not.toMatch(/se(%40|@)cret/);
  });

  it.each(['ftp://example.com', 'no address'])('refuses %s as a mirror', async (mirror) => {
    const path = join(await temporaryFolder(), 'thing.zip');
    await expect(fetchArtifact(ARTIFACT, path, optionsFor(mirror))).rejects.toMatchObject({
      code: 'invalid-configuration',
    });
  });

  it('stops when interrupted, and keeps what it has for the next time', async () => {
    const folder = await temporaryFolder();
    const interrupt = new AbortController();
    const { mirror } = await startRepository((_request, response) => {
      response.writeHead(200, { 'content-length': CONTENT.length });
      response.write(CONTENT.subarray(0, 100_000), () => setTimeout(() => interrupt.abort(), 50));
    });
    const fetched = fetchArtifact(
      ARTIFACT,
      join(folder, 'thing.zip'),
      optionsFor(mirror, { signal: interrupt.signal }),
    );
    await expect(fetched).rejects.toMatchObject({ code: 'interrupted', exitCode: 130 });
    expect(await readdir(folder)).toEqual(['thing.zip.part']);
  });

  it('is done once when two want the same', async () => {
    const path = join(await temporaryFolder(), 'thing.zip');
    const { mirror, requests } = await startRepository((request, response) => {
      setTimeout(() => serve(CONTENT)(request, response), 100);
    });
    const both = [1, 2].map(() => fetchArtifact(ARTIFACT, path, optionsFor(mirror)));
    expect(await Promise.all(both)).toEqual([true, true]);
    expect(requests).toHaveLength(1);
  });

  it('draws its progress and clears it', async () => {
    const path = join(await temporaryFolder(), 'thing.zip');
    const { mirror } = await startRepository(serve(CONTENT));
    const drawn: string[] = [];
    await fetchArtifact(ARTIFACT, path, optionsFor(mirror, { progress: (text) => drawn.push(text) }));
    expect(drawn[0]).toMatch(/^Downloading thing 1\.0: 0\.\d MB of 0\.3 MB \(\d+ %\)$/);
    expect(drawn.at(-1)).toBe('');
  });

  it.runIf(process.platform === 'linux')('says that the disk is full', async () => {
    const path = join(await temporaryFolder(), 'thing.zip');
    // A device that is always full.
    await symlink('/dev/full', `${path}.part`);
    const { mirror } = await startRepository(serve(CONTENT));
    await expect(fetchArtifact(ARTIFACT, path, optionsFor(mirror))).rejects.toMatchObject({
      code: 'no-disk',
      hint: expect.stringContaining('KAUDIT_CACHE'),
    });
  });
});
