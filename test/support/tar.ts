import { type Header, pack } from 'tar-stream';

type EntryHeader = Partial<Header> & Pick<Header, 'name'>;

export type TarEntry = readonly [header: string | EntryHeader, content?: string | Buffer];

/** An archive of these entries. */
export async function tarOf(entries: readonly TarEntry[]): Promise<Buffer> {
  const archive = pack();
  for (const [header, content] of entries) {
    archive.entry(typeof header === 'string' ? { name: header } : header, content ?? '');
  }
  archive.finalize();
  const parts: Buffer[] = [];
  for await (const part of archive) if (Buffer.isBuffer(part)) parts.push(part);
  return Buffer.concat(parts);
}
