import type { JsonObject } from '../../shared/json.ts';
import { stringOf } from '../../shared/json.ts';
import type { CsrFacts } from './body-types.ts';
import { type Der, readDer, TAG, textOfDer } from './der.ts';
import { allAt, distinct, firstInteger, firstText, present, textOf } from './values.ts';

/** Who a certificate is for: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#x509-client-certificates */
export interface Subject {
  readonly commonNames: readonly string[];
  readonly organizations: readonly string[];
}

const COMMON_NAME = Buffer.from([0x55, 0x04, 0x03]);
const ORGANIZATION = Buffer.from([0x55, 0x04, 0x0a]);
/** With headers, as Go's encoding/pem takes it, too: a line with a colon is one. */
const PEM = /-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----[^\S\n]*\n(?:[^\n:]*:[^\n]*\n)*([A-Za-z0-9+/=\s]*)-----END/;
/** Of several, the API server takes one that depends on how the others are damaged. */
const BEGIN = '-----BEGIN';
/** A request is a few hundred bytes; a longer one is no reason to spend time. */
const LONGEST = 64 * 1024;

export function csrFacts(bodies: readonly JsonObject[]): CsrFacts | undefined {
  const request = bodies
    .flatMap((body) => allAt([body], 'spec', 'request'))
    .find((value) => stringOf(value) !== undefined);
  const subject = request === undefined ? undefined : subjectOf(String(request));
  return present({
    signer: firstText(bodies, 'spec', 'signerName'),
    usages: distinct(allAt(bodies, 'spec', 'usages')),
    // Of several, Go takes the last (crypto/x509/pkix, FillFromRDNSequence).
    common_name: textOf(subject?.commonNames.at(-1)),
    organizations: distinct(subject?.organizations ?? []),
    unreadable: (request !== undefined && subject === undefined) || undefined,
    expiration_seconds: firstInteger(bodies, 'spec', 'expirationSeconds'),
    requester: firstText(bodies, 'spec', 'username'),
    conditions: distinct(allAt(bodies, 'status', 'conditions', 'type')),
  });
}

/** The subject of a PKCS#10 request (RFC 2986) in PEM, which `spec.request` holds in base64; undefined where it is none. */
export function subjectOf(request: string): Subject | undefined {
  if (request.length > LONGEST) return undefined;
  const text = Buffer.from(request, 'base64').toString('latin1');
  const pem = text.indexOf(BEGIN) === text.lastIndexOf(BEGIN) ? PEM.exec(text) : undefined;
  if (pem?.[1] === undefined) return undefined;
  const [certificationRequest] = readDer(Buffer.from(pem[1], 'base64')) ?? [];
  const [info] = inside(certificationRequest, TAG.sequence) ?? [];
  const [version, name] = inside(info, TAG.sequence) ?? [];
  const sets = version?.tag === TAG.integer ? inside(name, TAG.sequence) : undefined;
  if (sets === undefined) return undefined;
  const attributes = sets
    .flatMap((set) => inside(set, TAG.set) ?? [])
    .map((attribute) => inside(attribute, TAG.sequence));
  return { commonNames: valuesOf(attributes, COMMON_NAME), organizations: valuesOf(attributes, ORGANIZATION) };
}

function inside(value: Der | undefined, tag: number): readonly Der[] | undefined {
  return value?.tag === tag ? readDer(value.content) : undefined;
}

/** Attributes are pairs of a type, by its object identifier, and a value. */
function valuesOf(attributes: readonly (readonly Der[] | undefined)[], type: Buffer): readonly string[] {
  return attributes.flatMap((attribute) => {
    const [id, value] = attribute ?? [];
    const isAsked = id?.tag === TAG.oid && id.content.equals(type) && value !== undefined;
    const text = isAsked ? textOfDer(value) : undefined;
    return text === undefined ? [] : [text];
  });
}
