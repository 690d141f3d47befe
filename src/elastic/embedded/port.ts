import { createServer } from 'node:net';
import { KauditError } from '../../shared/errors.ts';
import { integerSetting, type Settings } from '../../shared/settings.ts';

export interface Ports {
  readonly http: number;
  readonly transport: number;
}

/** The port that the setting fixes, if any. Lower ones are not for ordinary users, and the server never is another. */
export function fixedPort(settings: Settings): number | undefined {
  return integerSetting(settings, 'KAUDIT_ES_PORT', 1024, 65_535);
}

/** The port that is fixed, else the one of last time, else a free one; and another one for the transport protocol. */
export async function choosePorts(fixed: number | undefined, remembered: number | undefined): Promise<Ports> {
  const http = await chooseHttpPort(fixed, remembered);
  let transport = await freePort();
  while (transport === http) transport = await freePort();
  return { http, transport };
}

async function chooseHttpPort(fixed: number | undefined, remembered: number | undefined): Promise<number> {
  if (fixed !== undefined) {
    if (await canListen(fixed)) return fixed;
    throw new KauditError('port-taken', `Port ${fixed} of KAUDIT_ES_PORT is taken by another program.`, {
      hint: 'Choose another one, or unset KAUDIT_ES_PORT to take a free one.',
    });
  }
  if (remembered !== undefined && (await canListen(remembered))) return remembered;
  return await freePort();
}

function freePort(): Promise<number> {
  return listen(0);
}

async function canListen(port: number): Promise<boolean> {
  return listen(port).then(
    () => true,
    () => false,
  );
}

function listen(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : port));
    });
  });
}
