import { describe, expect, it } from 'vitest';
import { readConsole } from '../../../src/elastic/embedded/server.ts';

describe('what a server that failed has said', () => {
  it('is its errors, without the stack', () => {
    const text = [
      '[2026-11-24T10:00:00,000][INFO ][o.e.n.Node] [kaudit] initializing ...',
      '[2026-11-24T10:00:01,000][ERROR][o.e.b.Elasticsearch] [kaudit] fatal exception while booting Elasticsearch',
      'java.lang.IllegalStateException: failed to obtain node locks',
      '\tat org.elasticsearch.server/org.elasticsearch.env.NodeEnvironment.<init>(NodeEnvironment.java:292)',
      '[2026-11-24T10:00:02,000][INFO ][o.e.n.Node] [kaudit] closed',
    ].join('\n');
    expect(readConsole(text)).toEqual({
      code: 'start-failed',
      lines: [expect.stringContaining('fatal exception'), expect.stringContaining('failed to obtain node locks')],
    });
  });

  it('is its last lines when none tells of an error', () => {
    expect(readConsole('one\n\ntwo\nthree\nfour\nfive\n').lines).toEqual(['two', 'three', 'four', 'five']);
  });

  it.each([
    ['org.elasticsearch.http.BindHttpException: Failed to bind to 127.0.0.1:9200', 'port-taken'],
    ['java.io.IOException: No space left on device', 'no-disk'],
    ['', 'start-failed'],
  ])('%j means %s', (text, code) => {
    expect(readConsole(text).code).toBe(code);
  });

  it('cannot command the terminal, and is cut', () => {
    const [line = ''] = readConsole(`ERROR \u001b[2J\u202e\u0007${'x'.repeat(1000)}`).lines;
    expect(line).toMatch(/^ERROR \[2Jx+$/);
    expect(line).toHaveLength(300);
  });
});
