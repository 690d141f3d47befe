/** What shippers' wrappings add, and lines that come in parts. */
import { describe, expect, it } from 'vitest';
import { jsonOf } from '../../../src/audit/document.ts';
import { openUnwrapper } from '../../../src/audit/wrappers/index.ts';
import { documentFor, rawEvent } from '../../support/events.ts';
import { originOf, textsIn, unwrapLines } from '../../support/unwrap.ts';
import { WRAPS } from '../../support/wrap.ts';

const EVENT = JSON.stringify(rawEvent());
const RECEIVED = '2026-03-02T09:41:08.000Z';
const MORE_PRECISELY = '2026-03-02T09:41:08.123Z';

describe('what a wrapping adds', () => {
  it.each([
    ['oc adm node-logs', { node: 'master-0.demo.example.com' }],
    ["OpenShift's log forwarder", { cluster: '0-1', node: 'master-0', received: RECEIVED }],
    ["a container runtime's log", { received: MORE_PRECISELY }],
    ['a json-file of Docker', { received: MORE_PRECISELY }],
    ['syslog of RFC 3164', { node: 'master-0' }],
    ['syslog of RFC 5424', { node: 'master-0', received: MORE_PRECISELY }],
    ['a file of rsyslog', { node: 'master-0', received: MORE_PRECISELY }],
    ['Fluent Bit', {}],
    ['Filebeat', { node: 'node-1', received: RECEIVED }],
    ["Elastic's integration", { received: RECEIVED, inferred: ['annotations'] }],
    ['Vector', { node: 'node-1', received: RECEIVED }],
    ["Loki's API", { cluster: 'demo', node: 'node-1', received: RECEIVED }],
    ['logcli', { cluster: 'demo', received: MORE_PRECISELY }],
    ['journald', { node: 'node-1', received: RECEIVED }],
    ["documents of kaudit's own", { cluster: 'test' }],
  ])('is kept: %s', (name, added) => {
    const wrap = WRAPS[name];
    expect(originOf(wrap?.file([EVENT]) ?? '')).toEqual({ format: wrap?.format, ...added });
  });

  it('is kept of Fluent Bit with the filter for Kubernetes', () => {
    const record = { log: EVENT, stream: 'stdout', kubernetes: { pod_name: 'kube-apiserver-a', host: 'node-1' } };
    expect(originOf(JSON.stringify(record))).toEqual({ format: 'fluent', pod: 'kube-apiserver-a', node: 'node-1' });
  });

  it('is of bounded length, and of the right type or left out', () => {
    const beat = { '@timestamp': 'yesterday', agent: {}, host: { name: `${'x'.repeat(1023)}😀` }, message: EVENT };
    expect(originOf(JSON.stringify(beat))).toEqual({ format: 'filebeat', node: 'x'.repeat(1023) });
    expect(originOf(JSON.stringify({ ...beat, host: { name: { a: 1 } } }))).toEqual({ format: 'filebeat' });
  });

  it('is taken from the inside where several wrappings say it', () => {
    const line = `${RECEIVED} ${JSON.stringify({ MESSAGE: EVENT, _HOSTNAME: 'node-1', __REALTIME_TIMESTAMP: 'x' })}`;
    expect(originOf(line)).toEqual({ format: 'cloudwatch-export/journald', received: RECEIVED, node: 'node-1' });
  });
});

describe('lines in parts', () => {
  const cri = (tag: string, text: string, stream = 'stdout'): string =>
    `2026-03-02T09:41:08.1Z ${stream} ${tag} ${text}\n`;
  const docker = (log: string, stream = 'stdout'): string =>
    `${JSON.stringify({ log, stream, time: '2026-03-02T09:41:08.1Z' })}\n`;
  const long = JSON.stringify(rawEvent({ userAgent: 'x'.repeat(20_000) }));

  it('are joined by stream, whatever comes between them', () => {
    const lines = [
      cri('P', EVENT.slice(0, 100)),
      cri('P', 'I0302 09:41:07.123456 1 a.go:1] ', 'stderr'),
      cri('P', EVENT.slice(100, 200)),
      cri('F', 'noise', 'stderr'),
      cri('F:x', EVENT.slice(200)),
    ];
    expect(textsIn(lines.join(''))).toEqual(['skipped: klog line', EVENT]);
    const parts = [docker(long.slice(0, 16_384)), docker('goroutine 1\n', 'stderr'), docker(`${long.slice(16_384)}\n`)];
    expect(textsIn(parts.join(''))).toEqual(['skipped: stderr line', long]);
  });

  it('begin where their first part does', () => {
    const [, piece] = unwrapLines(`${cri('F', '{}')}${cri('P', EVENT.slice(0, 9))}${cri('F', EVENT.slice(9))}`);
    expect(piece).toMatchObject({ kind: 'event', offset: cri('F', '{}').length });
  });

  it('are quarantined when the end is missing', () => {
    const missing = 'unparseable: parts of a line whose end is missing';
    expect(textsIn(cri('P', EVENT))).toEqual([missing]);
    expect(textsIn(docker(long.slice(0, 16_384)))).toEqual([missing]);
  });

  it('hold the place where reading may start again', () => {
    const unwrapper = openUnwrapper();
    const take = (line: string): boolean => {
      unwrapper.take(Buffer.from(line), 0);
      return unwrapper.isWaiting();
    };
    expect([EVENT, cri('P', 'a').trimEnd(), cri('F', 'b').trimEnd(), EVENT].map(take)).toEqual([
      false,
      true,
      false,
      false,
    ]);
  });

  it('are not made of whole events that lost their newline, nor of one that was cut', () => {
    expect(textsIn(docker(long) + docker(EVENT))).toEqual([long, EVENT]);
    expect(textsIn(docker(long.slice(0, 17_000)) + docker(EVENT))).toEqual(['unparseable: not valid JSON', EVENT]);
  });

  it('over 64 MiB are dropped to their end: no part of them is a line', () => {
    const unwrapper = openUnwrapper();
    const take = (tag: string, content: Buffer): readonly object[] =>
      unwrapper.take(Buffer.concat([Buffer.from(cri(tag, '').trimEnd()), Buffer.from(' '), content]), 0);
    const part = Buffer.alloc(32 * 1024 * 1024, 120);
    expect(take('P', part)).toEqual([]);
    expect(take('P', part)).toEqual([]);
    expect(take('P', part)).toMatchObject([{ kind: 'unparseable', reason: 'a line over 64 MiB, in parts' }]);
    expect(take('F', Buffer.from(EVENT))).toEqual([]);
    expect(take('F', Buffer.from(EVENT))).toMatchObject([{ kind: 'event', text: EVENT }]);
  });
});

describe('bytes that are no UTF-8', () => {
  const bytes = Buffer.from(EVENT.replace('kubectl', 'kube\x01ctl'));
  bytes[bytes.indexOf(1)] = 0xff;

  it('are kept as they were, in whatever wrapping', () => {
    expect(unwrapLines(bytes)).toMatchObject([{ invalidBytes: bytes }]);
    const head = Buffer.from('2026-03-02T09:41:08.1Z stdout F ');
    expect(unwrapLines(Buffer.concat([head, bytes]))).toMatchObject([{ format: 'cri', invalidBytes: bytes }]);
    const journal = { MESSAGE: [...bytes] };
    expect(unwrapLines(JSON.stringify(journal))).toMatchObject([{ format: 'journald', invalidBytes: bytes }]);
    const named = Buffer.concat([Buffer.from('master-0 '), bytes]);
    expect(unwrapLines(named)).toMatchObject([{ format: 'node-logs', invalidBytes: named }]);
  });

  it('are no reason to degrade events beside them', () => {
    const list = Buffer.concat([Buffer.from(`[${EVENT},`), bytes, Buffer.from(']')]);
    for (const line of [list, JSON.stringify({ MESSAGE: [...list] })]) {
      const [first, second] = unwrapLines(line);
      expect(first).not.toHaveProperty('invalidBytes');
      expect(second).toHaveProperty('invalidBytes');
    }
  });
});

describe("documents of kaudit's own", () => {
  const again = (json: string): readonly string[] => textsIn(`{"_index":"i","_source":${json}}`);

  it('give the event back byte for byte', () => {
    expect(again(jsonOf(documentFor(EVENT).document))).toEqual([EVENT]);
    expect(textsIn(jsonOf(documentFor(EVENT).document))).toEqual([EVENT]);
  });

  it('give the event back that had to be kept as text', () => {
    const reserved = EVENT.replace('{', '{"kaudit":1,"kaudit.hash":"x",');
    const { document, source } = documentFor(reserved);
    expect(source).toHaveProperty('kaudit.degraded', 'reserved-key');
    expect(again(jsonOf(document))).toEqual([reserved]);
  });
});

describe('members that a shipper adds to an event', () => {
  it('are taken out wherever they stand, and nothing else is', () => {
    const inside = EVENT.replace('"verb"', '"host": {"name":"n"},"verb"').replace('{', '{ "@timestamp":"x" , ');
    expect(textsIn(inside)).toEqual([EVENT]);
    expect(textsIn(EVENT.replace('{', '{"@timestamp":"x","unknown":1,'))).toEqual([
      EVENT.replace('{', '{"unknown":1,'),
    ]);
  });

  it('are left alone where nothing says that there was a shipper', () => {
    const odd = EVENT.replace('{', '{"host":"a",');
    expect(textsIn(odd)).toEqual([odd]);
  });
});

describe('what is missing in a wrapping', () => {
  it.each([
    ['{"MESSAGE":null,"_HOSTNAME":"a"}', 'journalctl left the message out: too large'],
    ['{"hits":{"hits":[{"_index":"a"}]}}', 'no _source in a hit of Elasticsearch'],
    ['{"streams":[{"stream":{},"values":[["1"]]}]}', 'no line in an entry of Loki'],
  ])('is told: %s', (line, reason) => {
    expect(textsIn(line)).toEqual([`unparseable: ${reason}`]);
  });
});
