import { generateKeyPairSync } from 'node:crypto';
import forge from 'node-forge';
import type { Tls } from './fake-elasticsearch.ts';

const DAY_MS = 86_400_000;

/** One key for all: what a certificate says is what is tested, not how it is kept. */
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const KEY = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

export interface Authority {
  /** PEM of its own certificate. */
  readonly cert: string;
  /** A server's key and certificate, signed by it. */
  readonly issue: (options?: { readonly host?: string; readonly expired?: boolean }) => Tls;
}

/** A certificate authority, made for a test. */
export function newAuthority(name: string): Authority {
  const root = certificate(name, name, DAY_MS, [
    { name: 'basicConstraints', cA: true },
    { name: 'keyUsage', keyCertSign: true },
  ]);
  return {
    cert: root,
    issue: ({ host = '127.0.0.1', expired = false } = {}) => {
      const altName = /^[\d.]+$/.test(host) ? { type: 7, ip: host } : { type: 2, value: host };
      const extensions = [{ name: 'subjectAltName', altNames: [altName] }];
      return { key: KEY, cert: certificate(host, name, expired ? -DAY_MS : DAY_MS, extensions) };
    },
  };
}

function certificate(subject: string, issuer: string, lastsMs: number, extensions: readonly object[]): string {
  const cert = forge.pki.createCertificate();
  const key = forge.pki.privateKeyFromPem(privateKey.export({ type: 'pkcs1', format: 'pem' }).toString());
  cert.publicKey = forge.pki.setRsaPublicKey(key.n, key.e);
  cert.serialNumber = `01${Math.floor(Math.random() * 1e9)
    .toString(16)
    .padStart(8, '0')}`;
  cert.validity.notBefore = new Date(Date.now() - 2 * DAY_MS);
  cert.validity.notAfter = new Date(Date.now() + lastsMs);
  cert.setSubject([{ name: 'commonName', value: subject }]);
  cert.setIssuer([{ name: 'commonName', value: issuer }]);
  cert.setExtensions([...extensions]);
  cert.sign(key, forge.md.sha256.create());
  return forge.pki.certificateToPem(cert);
}
