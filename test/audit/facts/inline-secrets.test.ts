import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commandClasses } from '../../../src/audit/facts/commands.ts';
import { withoutSecrets } from '../../../src/audit/facts/inline-secrets.ts';
import { factsFor } from '../../support/events.ts';

describe('the words of a command without its secrets', () => {
  it.each([
    [['mysql', '-u', 'root', '-phunter2', 'shop'], 'mysql -u root -p[redacted] shop'],
    [['mysqldump', '--password=hunter2', 'shop'], 'mysqldump --password=[redacted] shop'],
    [['vault', '--token', 'hunter2', 'read'], 'vault --token [redacted] read'],
    [['sh', '-c', 'PGPASSWORD=hunter2 psql -h db'], 'sh -c PGPASSWORD=[redacted] psql -h db'],
    [['sh', '-c', `x --password="hun ter2" -v; y`], 'sh -c x --password=[redacted]" -v; y'],
    [['curl', '-H', 'Authorization: Bearer hunter2'], 'curl -H Authorization: Bearer [redacted]'],
    [['psql', 'postgres://app:hunter2@db/app'], 'psql postgres://app:[redacted]@db/app'],
    [['echo', 'AKIAABCDEFGHIJKLMNOP'], 'echo [redacted]'],
    [['echo', 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln'], 'echo [redacted]'],
  ])('%j', (words, text) => {
    expect(withoutSecrets(words).join(' ')).toBe(text);
  });

  it.each([
    [['mysql', '--password=$PASSWORD']],
    [['cat', 'token', 'x']],
    [['mysql', '-u', 'root', '-p', 'shop']],
    [['login', '--password', '--verbose']],
  ])('leaves %j alone', (words) => {
    expect(withoutSecrets(words)).toEqual(words);
  });

  it('are as many as before, and hold none any more', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string().filter((word) => !word.includes('\u2028'))),
        fc.stringMatching(/^[a-z0-9]+$/),
        (words, secret) => {
          const masked = withoutSecrets(['a', ...words, 'b', `--password=${secret}`]);
          expect(masked).toHaveLength(words.length + 3);
          expect(masked.at(-1)).toBe('--password=[redacted]');
        },
      ),
    );
  });

  it.each(['--password ', 'mysql ', '://a:', 'token="', "token='", 'eyJ-', 'mysql -p'])(
    'read a megabyte of %j',
    (text) => {
      expect(withoutSecrets([text.repeat(1_000_000 / text.length), 'x'])).toHaveLength(2);
    },
  );
});

describe('a session', () => {
  it('shows its command without secrets, and says that it had one', () => {
    const requestURI = '/api/v1/namespaces/a/pods/b/exec?command=mysql&command=-uroot&command=-phunter2';
    const objectRef = { resource: 'pods', namespace: 'a', name: 'b', subresource: 'exec', apiVersion: 'v1' };
    expect(factsFor({ requestURI, objectRef, verb: 'create' }).exec).toMatchObject({
      command: "mysql -uroot '-p[redacted]'",
      classes: ['inline-secret'],
    });
    expect(commandClasses(['mysql', '-phunter2'])).toEqual(['inline-secret']);
  });
});
