import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** What the proxy does to what passes through it. The words are toxiproxy's where it has one. */
export type ProxyMode =
  | { readonly kind: 'pass' }
  /** Every piece comes later. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Answers come in so many bytes a second. */
  | { readonly kind: 'throttle'; readonly bytesPerSecond: number }
  /** Answers come in pieces of so many bytes. */
  | { readonly kind: 'slice'; readonly bytes: number }
  /** Breaks the connection once so many bytes have gone one way, counted from the mode's beginning; then passes. */
  | { readonly kind: 'cut'; readonly way: 'up' | 'down'; readonly afterBytes: number }
  /** Resets every connection, those that are open and new ones. */
  | { readonly kind: 'reset' }
  /** Takes everything and passes nothing on: a half-open connection. */
  | { readonly kind: 'black-hole' }
  /** Nobody listens. */
  | { readonly kind: 'refuse' };

export interface TcpProxy {
  readonly url: string;
  readonly setMode: (mode: ProxyMode) => Promise<void>;
  /** Connections that were made, and bytes that were sent to the server. */
  readonly connections: () => number;
  readonly bytesUp: () => number;
  readonly close: () => Promise<void>;
}

/** Stands before a server, below HTTP: what a network does, rather than what a server answers. */
export async function tcpProxy(target: string): Promise<TcpProxy> {
  const { hostname, port: targetPort, protocol } = new URL(target);
  const open = new Set<Socket>();
  let mode: ProxyMode = { kind: 'pass' };
  let passed = 0;
  let connections = 0;
  let bytesUp = 0;

  const resetAll = (): void => {
    for (const socket of open) socket.resetAndDestroy();
  };
  const track = (socket: Socket): void => {
    open.add(socket);
    // Every fault shows as an error on one of the sides: that is its purpose.
    socket.on('error', () => {});
    socket.on('close', () => open.delete(socket));
  };
  const accept = (client: Socket): void => {
    connections += 1;
    track(client);
    if (mode.kind === 'reset') return void client.resetAndDestroy();
    const server = connect(Number(targetPort), hostname);
    track(server);
    void pump(client, server, 'up');
    void pump(server, client, 'down');
  };
  const pump = async (from: Socket, to: Socket, way: 'up' | 'down'): Promise<void> => {
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        if (mode.kind === 'cut' && mode.way === way && passed + chunk.length >= mode.afterBytes) {
          await write(to, chunk.subarray(0, mode.afterBytes - passed));
          mode = { kind: 'pass' };
          from.resetAndDestroy();
          to.resetAndDestroy();
          return;
        }
        if (mode.kind === 'cut' && mode.way === way) passed += chunk.length;
        if (way === 'up') bytesUp += chunk.length;
        await relay(to, chunk, way);
      }
      to.end();
    } catch {
      to.destroy();
    }
  };
  const relay = async (to: Socket, chunk: Buffer, way: 'up' | 'down'): Promise<void> => {
    if (mode.kind === 'black-hole') return;
    if (mode.kind === 'delay') await delay(mode.ms);
    const size = way === 'up' ? chunk.length : pieceSize(mode, chunk.length);
    for (let at = 0; at < chunk.length; at += size) {
      await write(to, chunk.subarray(at, at + size));
      if (size < chunk.length) await delay(mode.kind === 'throttle' ? 100 : 0);
    }
  };

  const listener: Server = createServer(accept);
  await listenOn(listener, 0);
  const { port } = listener.address() as AddressInfo;
  return {
    url: `${protocol}//127.0.0.1:${port}`,
    setMode: async (next) => {
      const reopens = mode.kind === 'refuse' && next.kind !== 'refuse';
      mode = next;
      passed = 0;
      if (next.kind === 'refuse') {
        listener.close();
        resetAll();
      } else if (reopens) await listenOn(listener, port);
      if (next.kind === 'reset') resetAll();
    },
    connections: () => connections,
    bytesUp: () => bytesUp,
    close: async () => {
      for (const socket of open) socket.destroy();
      if (listener.listening) await new Promise((resolve) => listener.close(resolve));
    },
  };
}

/** A throttled answer comes in ten pieces a second. */
function pieceSize(mode: ProxyMode, all: number): number {
  if (mode.kind === 'slice') return mode.bytes;
  return mode.kind === 'throttle' ? Math.max(1, Math.floor(mode.bytesPerSecond / 10)) : all;
}

function write(to: Socket, chunk: Buffer): Promise<void> {
  return new Promise((resolve, reject) => to.write(chunk, (error) => (error ? reject(error) : resolve())));
}

function listenOn(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}
