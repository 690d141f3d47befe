/** Log forwarders, where they are installed: programs that follow a file for ever and forward each line as it is. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Contender, Job } from '../contender.ts';
import { requireProgram } from './install.ts';

interface Forwarder {
  readonly name: string;
  readonly about: string;
  readonly program: string;
  /** Its configuration and the arguments that make it use it. */
  readonly config: (job: Job) => string;
  readonly args: (config: string, state: string) => readonly string[];
}

const FORWARDERS: readonly Forwarder[] = [
  {
    name: 'syslog-ng',
    about: 'http(), batches of 2,000, 2 workers, flow control (its default of 100 a batch is many times slower)',
    program: 'syslog-ng',
    config: ({ input, index, url, username, password }) => `@version: 3.35
options { stats-freq(0); log-msg-size(4194304); };
source events { file("${input.path}" follow-freq(1) flags(no-parse) log-iw-size(100000) log-fetch-limit(10000)); };
destination search { http(
  url("${url}/_bulk") method("POST") user("${username}") password("${password}")
  headers("Content-Type: application/x-ndjson") workers(2) batch-lines(2000) batch-timeout(1000) timeout(60)
  log-fifo-size(200000) body("{\\"index\\":{\\"_index\\":\\"${index}\\"}}\\n$MSG") body-suffix("\\n") delimiter("\\n")); };
log { source(events); destination(search); flags(flow-control); };
`,
    args: (config, state) => [
      ...['--foreground', `--cfgfile=${config}`, `--persist-file=${state}/persist`],
      ...[`--pidfile=${state}/pid`, `--control=${state}/control`],
    ],
  },
  {
    name: 'rsyslog',
    about: 'imfile and omelasticsearch with bulkmode, documented defaults',
    program: 'rsyslogd',
    config: ({ input, index, url, username, password, state }) => `global(workDirectory="${state}" maxMessageSize="4m")
module(load="imfile") module(load="omelasticsearch")
template(name="line" type="string" string="%msg%")
input(type="imfile" file="${input.path}" tag="audit" ruleset="search")
ruleset(name="search") { action(type="omelasticsearch" server="127.0.0.1" serverport="${new URL(url).port}"
  uid="${username}" pwd="${password}" template="line" searchIndex="${index}" searchType="" bulkmode="on"
  action.resumeRetryCount="-1") }
`,
    args: (config, state) => ['-n', '-f', config, '-i', `${state}/pid`],
  },
  {
    name: 'Fluent Bit',
    about: 'tail with the json parser, and the es output with its defaults',
    program: 'fluent-bit',
    config: ({ input, index, url, username, password, state }) => `[SERVICE]
    parsers_file parsers.conf
[INPUT]
    name tail
    path ${input.path}
    db ${state}/tail.db
    read_from_head on
    buffer_max_size 4M
    parser json
[OUTPUT]
    name es
    match *
    host 127.0.0.1
    port ${new URL(url).port}
    http_user ${username}
    http_passwd ${password}
    index ${index}
    suppress_type_name on
`,
    args: (config) => ['--quiet', '-c', config],
  },
  {
    name: 'Filebeat',
    about: 'filestream with the ndjson parser, documented defaults',
    program: 'filebeat',
    config: ({ input, index, url, username, password }) => `filebeat.inputs:
  - type: filestream
    id: bench
    paths: [${JSON.stringify(input.path)}]
    parsers: [{ ndjson: { target: "" } }]
output.elasticsearch:
  { hosts: [${JSON.stringify(url)}], username: ${username}, password: ${JSON.stringify(password)}, index: ${index} }
setup: { template.enabled: false, ilm.enabled: false }
`,
    args: (config, state) => ['-c', config, '--path.data', state, '--strict.perms=false'],
  },
  {
    name: 'Logstash',
    about: 'file input with the json codec, documented defaults',
    program: 'logstash',
    config: ({ input, index, url, username, password, state }) => `input { file {
  path => "${input.path}" mode => "read" codec => "json" sincedb_path => "${state}/since" file_completed_action => "log"
  file_completed_log_path => "${state}/completed" } }
output { elasticsearch { hosts => ["${url}"] user => "${username}" password => "${password}" index => "${index}"
  manage_template => false ilm_enabled => false data_stream => false } }
`,
    args: (config, state) => ['-f', config, '--path.data', state],
  },
];

export const forwarders: readonly Contender[] = FORWARDERS.map(({ name, about, program, config, args }) => {
  let path = '';
  return {
    name,
    about,
    setsId: false,
    endless: true,
    prepare: async () => {
      path = await requireProgram(program);
    },
    command: async (job) => {
      await mkdir(job.state, { recursive: true });
      const file = join(job.state, 'config');
      await writeFile(file, config(job));
      return { argv: [path, ...args(file, job.state)] };
    },
  };
});
