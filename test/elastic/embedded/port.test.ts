import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { choosePorts, fixedPort } from '../../../src/elastic/embedded/port.ts';
import { readSettings } from '../../../src/shared/settings.ts';

/** A port that another program has. */
async function takenPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

describe('choosing the ports', () => {
  it('takes two that are free', async () => {
    const { http, transport } = await choosePorts(undefined, undefined);
    expect(http).not.toBe(transport);
    expect(Math.min(http, transport)).toBeGreaterThan(1023);
  });

  it('takes the port of last time while it is free, and another one when it is not', async () => {
    const { http } = await choosePorts(undefined, undefined);
    expect((await choosePorts(undefined, http)).http).toBe(http);
    const taken = await takenPort();
    expect((await choosePorts(undefined, taken)).http).not.toBe(taken);
  });

  it('says when the port that is fixed is taken', async () => {
    const taken = await takenPort();
    await expect(choosePorts(taken, undefined)).rejects.toMatchObject({
      code: 'port-taken',
      message: `Port ${taken} of KAUDIT_ES_PORT is taken by another program.`,
    });
  });
});

describe('the setting', () => {
  it.each(['80', '65536', '9200.5', 'http'])('cannot be %s', (text) => {
    expect(() => fixedPort(readSettings({ KAUDIT_ES_PORT: text }))).toThrow('KAUDIT_ES_PORT');
  });

  it('is none unless set', () => {
    expect(fixedPort(readSettings({}))).toBeUndefined();
    expect(fixedPort(readSettings({ KAUDIT_ES_PORT: '9201' }))).toBe(9201);
  });
});
