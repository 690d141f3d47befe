/**
 * What a command line does, by words in it. A hint that makes the plain cases easy to ask for: who wants to hide a
 * command can write it in a way that no list of words knows.
 */
import { scopeOf } from './addresses.ts';
import type { CommandClass } from './body-types.ts';
import { hasInlineSecret } from './inline-secrets.ts';

/** What of a command is looked at. Gaps in the patterns are bounded too, so that no text takes long to read. */
const LONGEST = 256 * 1024;

/** Where a word begins, in a shell's text. */
const BEGIN = '(?:^|[\\s;|&/\'"(`])';
const wordOf = (words: string): string => `${BEGIN}(?:${words})(?=$|[\\s;|&'")\`])`;

const REVERSE_SHELL = [
  // A health check opens such a file on its own host.
  /\/dev\/(?:tcp|udp)\/(?!127\.|localhost|\[?::1)/i,
  new RegExp(`${wordOf('nc|ncat|netcat')}[^;|&]{0,200}\\s(?:-[a-z]{0,8}[ec]|--exec|--sh-exec)(?=\\s|$)`, 'i'),
  new RegExp(wordOf('mkfifo')),
  /\bsocat\b[^;|&]{0,200}\b(?:exec|system|pty)\b/i,
  /\bsh\s+-i\b[^;|]{0,20}[<>]&?/,
  /\b(?:socket\.socket|create_connection|IO::Socket|fsockopen|TCPSocket|Net\.Sockets\.TCPClient)\b/,
] as const;

/** By the name of the most common one, its protocol (https://github.com/xmrig/xmrig-proxy/blob/master/doc/STRATUM.md) and its options. */
const MINER = /xmrig|stratum2?\+(?:tcp|ssl|tls)|--donate-level\b/i;

/** The address of a cloud's metadata service, in every spelling that resolvers take, and the paths on it. */
const METADATA_SERVICE =
  /169\.254\.169\.254|169\.254\.170\.(?:2|23)\b|168\.63\.129\.16|100\.100\.100\.200|fd00:ec2::254|::ffff:a9fe:a9fe|\b2852039166\b|0xa9fea9fe|0xa9\.0xfe|\b0251\.0376\b|\b025177524776\b|metadata\.google\.internal|\/latest\/(?:meta-data|user-data|dynamic|api\/token)|\/computeMetadata\/|\/metadata\/(?:instance|identity)/i;

const CREDENTIAL_PATH =
  /\/run\/secrets\/|secrets\/kubernetes\.io|\/etc\/(?:shadow|passwd|kubernetes|ssl\/private)|\/var\/lib\/(?:kubelet|rancher)\/|\.ssh(?:\/|\b)|\bid_(?:rsa|ed25519|ecdsa|dsa)\b|\.aws(?:\/|\b)|\.azure(?:\/|\b)|\.config\/gcloud|\.kube\/|\.docker\/config|\.(?:pem|key|p12|pfx|jks|keystore|kubeconfig)\b|\/proc\/[^/\s]{1,20}\/environ|\.git-credentials|\.netrc\b|\.pgpass\b/;

/** As `kubectl cp` does it: tar that writes to or reads from its own stream. */
const FILE_COPY = new RegExp(`${wordOf('tar')}[^;|&]{0,200}\\s-(?=$|[\\s;|&'"])`);
const SHELL = new RegExp(wordOf('(?:ba|da|a|z|k|c|tc|fi)?sh|busybox|pwsh|powershell(?:\\.exe)?|cmd\\.exe'), 'i');

const DOWNLOADER = new RegExp(wordOf('curl|wget'), 'i');
const PIPED_TO_SHELL = /\b(?:curl|wget)\b[^|]{0,500}\|\s{0,9}(?:sudo\s{1,9})?(?:\/\S{0,20}\/)?(?:ba|da|a|z)?sh\b/i;
const URL = /\bhttps?:\/\/(\[[0-9a-f:.]{2,45}\]|[^\s/:'"?#]{1,253})(?::\d{1,5})?(\S{0,200})/gi;
const OWN_HOST = /^localhost$|\.(?:svc|local|internal)$|\.svc\.|^[^.]+$/i;
const OWN_PATH = /^\/(?:health|ready|live|ping|metrics|openid|\.well-known)/i;

const CLASSES: readonly (readonly [CommandClass, (text: string) => boolean])[] = [
  ['reverse-shell', (text) => REVERSE_SHELL.some((pattern) => pattern.test(text))],
  ['miner', (text) => MINER.test(text)],
  ['download', downloads],
  ['metadata-service', (text) => METADATA_SERVICE.test(text)],
  ['credential-path', (text) => CREDENTIAL_PATH.test(text)],
  ['file-copy', (text) => FILE_COPY.test(text)],
  ['shell', (text) => SHELL.test(text)],
  ['inline-secret', hasInlineSecret],
];

/** The classes of a command that is given word by word; undefined for none. */
export function commandClasses(words: readonly string[]): readonly CommandClass[] | undefined {
  const text = words.join(' ').slice(0, LONGEST);
  const classes = CLASSES.filter(([, test]) => test(text)).map(([name]) => name);
  return classes.length === 0 ? undefined : classes;
}

/** Whether something is fetched from elsewhere: not from the host itself, nor from the cluster. */
function downloads(text: string): boolean {
  if (!DOWNLOADER.test(text)) return false;
  return (
    PIPED_TO_SHELL.test(text) || [...text.matchAll(URL)].some(([, host = '', path = '']) => isElsewhere(host, path))
  );
}

function isElsewhere(host: string, path: string): boolean {
  const scope = scopeOf(host.replace(/^\[(.*)\]$/, '$1'));
  if (scope !== undefined) return scope === 'public' && !OWN_PATH.test(path);
  return !OWN_HOST.test(host) && !OWN_PATH.test(path);
}

/** The name of the program, without its folder. */
export function programOf(words: readonly string[]): string | undefined {
  return words[0]?.split(/[/\\]/).at(-1) || undefined;
}

export function commandText(words: readonly string[]): string {
  return words.map(shellQuote).join(' ');
}

function shellQuote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
