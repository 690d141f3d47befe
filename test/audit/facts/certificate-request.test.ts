import fc from 'fast-check';
import forge from 'node-forge';
import { describe, expect, it } from 'vitest';
import { subjectOf } from '../../../src/audit/facts/certificate-request.ts';
import { readDer, textOfDer } from '../../../src/audit/facts/der.ts';
import { factsFor } from '../../support/events.ts';

const keys = forge.pki.rsa.generateKeyPair(512);

/** What `spec.request` holds: a request in PEM, in base64. */
function requestFor(commonName: string, ...organizations: readonly string[]): string {
  const csr = forge.pki.createCertificationRequest();
  csr.publicKey = keys.publicKey;
  csr.setSubject([
    ...organizations.map((value) => ({ name: 'organizationName', value })),
    { name: 'commonName', value: commonName },
  ]);
  csr.sign(keys.privateKey);
  return Buffer.from(forge.pki.certificationRequestToPem(csr)).toString('base64');
}

const csr = (spec: object, changes: object = {}): unknown =>
  factsFor({
    verb: 'create',
    level: 'Request',
    objectRef: { resource: 'certificatesigningrequests', apiGroup: 'certificates.k8s.io', name: 'x' },
    requestObject: { spec },
    ...changes,
  }).csr;

describe('a certificate request', () => {
  it('says who the certificate would make its holder', () => {
    const request = requestFor('admin', 'system:masters', 'dev');
    const spec = {
      request,
      signerName: 'kubernetes.io/kube-apiserver-client',
      usages: ['client auth'],
      expirationSeconds: 600,
      username: 'eve',
    };
    expect(csr(spec)).toEqual({
      signer: 'kubernetes.io/kube-apiserver-client',
      usages: ['client auth'],
      common_name: 'admin',
      organizations: ['system:masters', 'dev'],
      expiration_seconds: 600,
      requester: 'eve',
    });
  });

  it('is approved or denied by its conditions', () => {
    const requestObject = { status: { conditions: [{ type: 'Approved' }] } };
    expect(csr({}, { verb: 'update', requestObject })).toEqual({ conditions: ['Approved'] });
  });

  it.each(['', 'x', Buffer.from('-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END').toString('base64')])(
    'that is none says so: %j',
    (request) => {
      expect(csr({ request })).toEqual(request === '' ? undefined : { unreadable: true });
    },
  );

  it('is not read where it is longer than any', () => {
    expect(csr({ request: 'A'.repeat(5_000_000) })).toEqual({ unreadable: true });
  });

  const certified = (...commonNames: readonly string[]): string => {
    const made = forge.pki.createCertificationRequest();
    made.publicKey = keys.publicKey;
    made.setSubject(commonNames.map((value) => ({ name: 'commonName', value })));
    made.sign(keys.privateKey);
    return forge.pki.certificationRequestToPem(made);
  };
  const inPem = (pem: string): unknown => csr({ request: Buffer.from(pem).toString('base64') });

  it('is for the last of its common names, as the API server reads it', () => {
    expect(inPem(certified('admin', 'x', 'admin'))).toEqual({ common_name: 'admin' });
  });

  it('is read behind headers, and behind what openssl writes before it', () => {
    const begin = 'BEGIN CERTIFICATE REQUEST-----\r\n';
    const pem = certified('admin');
    expect(pem).toContain(begin);
    expect(inPem(pem.replace(begin, `${begin}X: y\nProc-Type: 4\n\n`))).toEqual({ common_name: 'admin' });
    expect(inPem(`Certificate Request:\n    Data: x\n${pem}`)).toEqual({ common_name: 'admin' });
  });

  it('is not read where there are several, of which one may be a decoy', () => {
    expect(inPem(certified('x') + certified('admin'))).toEqual({ unreadable: true });
  });

  it.each([' ', 'a', 'a:\n', '\n', ':'])('of any number of %j is read in no time', (filler) => {
    const request = `-----BEGIN CERTIFICATE REQUEST-----${filler.repeat(48_000 / filler.length)}`;
    const began = performance.now();
    expect(inPem(request)).toEqual({ unreadable: true });
    expect(inPem(request.replace('T-----', 'T-----\n'))).toEqual({ unreadable: true });
    expect(performance.now() - began).toBeLessThan(1000);
  });

  it('gives back any name', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[ -~]{1,60}$/), fc.stringMatching(/^[ -~]{1,200}$/), (name, group) => {
        expect(subjectOf(requestFor(name, group, 'dev'))).toEqual({
          commonNames: [name],
          organizations: [group, 'dev'],
        });
      }),
      { numRuns: 30 },
    );
  });

  it('that is damaged never throws', () => {
    const pem = Buffer.from(requestFor('admin', 'system:masters'), 'base64').toString();
    const der = Buffer.from(pem.replaceAll(/-----[^-]*-----|\s/g, ''), 'base64');
    fc.assert(
      fc.property(fc.nat(der.length - 1), fc.nat(255), fc.nat(der.length), (place, byte, length) => {
        const damaged = Buffer.from(der.subarray(0, length));
        if (place < length) damaged[place] = byte;
        const text = `-----BEGIN CERTIFICATE REQUEST-----\n${damaged.toString('base64')}\n-----END`;
        const read = subjectOf(Buffer.from(text).toString('base64'));
        expect(read === undefined || Array.isArray(read.commonNames)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('DER', () => {
  it('is taken apart without a byte lost', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const values = readDer(Buffer.from(bytes));
        const lengths = values?.map(({ content }) => content.length) ?? [];
        expect(lengths.reduce((sum, length) => sum + length, 0)).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });

  it.each([
    ['no length', [0x30]],
    ['more than there is', [0x30, 5, 0]],
    ['the indefinite form', [0x30, 0x80, 0, 0]],
    ['a length of many bytes', [0x30, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
    ['a length that is cut off', [0x30, 0x82, 1]],
    ['a tag of many bytes', [0x3f, 0x81, 0]],
  ])('is not %s', (_, bytes) => {
    expect(readDer(Buffer.from(bytes))).toBeUndefined();
  });

  it.each<[number, string, string | undefined]>([
    [0x0c, '67c3bc6e', 'gün'],
    [0x13, '61', 'a'],
    [0x14, '67fc6e', 'gün'],
    [0x1e, '006700fc006e', 'gün'],
    [0x1e, '00', undefined],
    [0x02, '01', undefined],
    [0x1a, '61', undefined],
  ])('has texts of several types: %i %s', (tag, hex, text) => {
    expect(textOfDer({ tag, content: Buffer.from(hex, 'hex') })).toBe(text);
  });
});
