/** A careful reader of DER (ITU-T X.690): definite lengths and one-byte tags, which is all that certificate requests have. */

/** One value: what it is, and its content. */
export interface Der {
  readonly tag: number;
  readonly content: Buffer;
}

export const TAG = { integer: 0x02, oid: 0x06, sequence: 0x30, set: 0x31 } as const;
/** Tags whose number goes on in the next byte. */
const LONG_TAG = 0x1f;
/** Four bytes of length are more than any request has. */
const MOST_LENGTH_BYTES = 4;

/** The values that follow one another in a content; undefined where the bytes are no DER. */
export function readDer(bytes: Buffer): readonly Der[] | undefined {
  const values: Der[] = [];
  let at = 0;
  while (at < bytes.length) {
    const header = readHeader(bytes, at);
    if (header === undefined || header.end > bytes.length) return undefined;
    values.push({ tag: header.tag, content: bytes.subarray(header.start, header.end) });
    at = header.end;
  }
  return values;
}

function readHeader(bytes: Buffer, at: number): { tag: number; start: number; end: number } | undefined {
  const [tag, first] = [bytes[at], bytes[at + 1]];
  if (tag === undefined || first === undefined || (tag & LONG_TAG) === LONG_TAG) return undefined;
  if (first < 0x80) return { tag, start: at + 2, end: at + 2 + first };
  const count = first & 0x7f;
  const start = at + 2 + count;
  // Without bytes of length it would be the indefinite form, which is BER.
  if (count === 0 || count > MOST_LENGTH_BYTES || start > bytes.length) return undefined;
  return { tag, start, end: start + bytes.readUIntBE(at + 2, count) };
}

/** A text in one of the string types that Go reads (encoding/asn1, parseField), and VisibleString not: it overlooks it. */
export function textOfDer({ tag, content }: Der): string | undefined {
  switch (tag) {
    case 0x0c: // UTF8String
      return content.toString('utf8');
    case 0x12: // NumericString
    case 0x13: // PrintableString
    case 0x16: // IA5String
      return content.toString('ascii');
    case 0x14: // T61String
      return content.toString('latin1');
    case 0x1e: // BMPString
      return content.length % 2 === 0 ? Buffer.from(content).swap16().toString('utf16le') : undefined;
    default:
      return undefined;
  }
}
