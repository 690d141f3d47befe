import { createServer } from 'node:net';
import { KauditError } from '../../shared/errors.ts';
import { integerSetting, type Settings } from '../../shared/settings.ts';

/** The port that the setting fixes, else the one of last time, else a free one. */
export async function choosePort(settings: Settings, remembered: number | undefined): Promise<number> {
  const fixed = integerSetting(settings, 'KAUDIT_ES_PORT', 1, 65_535);
  if (fixed !== undefined) {
    if (await canListen(fixed)) return fixed;
    throw new KauditError('port-taken', `Port ${fixed} of KAUDIT_ES_PORT is taken by another program.`, {
      hint: 'Choose another one, or unset KAUDIT_ES_PORT to take a free one.',
    });
  }
  if (remembered !== undefined && (await canListen(remembered))) return remembered;
  return await freePort();
}

export function freePort(): Promise<number> {
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
