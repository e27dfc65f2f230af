import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Child, findProgram, freePort, script, start, untilListening } from './process.ts'
import type { DialectName } from './streams.ts'

/** Something that stands between clients and the upstream, in a process of its own. */
export interface Target {
  child: Child
  port: number
}

export interface Command {
  port: number
  command: string[]
}

export async function startTarget({ port, command }: Command): Promise<Target> {
  const child = start(command, { place: 'target' })
  await untilListening(port)
  return { child, port }
}

const root = fileURLToPath(new URL('..', import.meta.url))
let folder: string | undefined

/** A file for a target to read, in a folder that goes with the bench. */
function write(name: string, text: string): string {
  if (folder === undefined) {
    folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
    process.on('exit', () => rmSync(folder!, { recursive: true, force: true }))
  }
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

export const nginxProgram = findProgram('nginx')

/** One worker, which passes on what it gets when it gets it. */
export async function nginx(upstreamPort: number): Promise<Command | undefined> {
  if (nginxProgram === undefined) return undefined
  const port = await freePort()
  const config = (temporary: string): string => `
daemon off;
master_process off;
worker_processes 1;
worker_rlimit_nofile 8192;
pid ${temporary}.pid;
error_log ${temporary}.log crit;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${temporary}-body;
  proxy_temp_path ${temporary}-proxy;
  fastcgi_temp_path ${temporary}-fastcgi;
  uwsgi_temp_path ${temporary}-uwsgi;
  scgi_temp_path ${temporary}-scgi;
  client_body_buffer_size 1m;
  keepalive_requests 1000000;
  upstream provider {
    server 127.0.0.1:${upstreamPort};
    keepalive 2000;
    keepalive_requests 1000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=8192;
    location / {
      proxy_pass http://provider;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }
  }
}`
  const path = write(`nginx-${port}.conf`, '')
  writeFileSync(path, config(path))
  return { port, command: [nginxProgram, '-c', path, '-e', `${path}.log`] }
}

export async function plainNode(upstreamPort: number): Promise<Command> {
  const port = await freePort()
  return { port, command: [...script('pass-through.ts'), String(port), `http://127.0.0.1:${upstreamPort}`] }
}

/**
 * The gateway as it is started by its users, with a provider for each dialect.
 *
 * @param more what else its configuration is to say
 */
export async function sluice(upstreamPort: number, more = ''): Promise<Command> {
  const port = await freePort()
  const config = write(
    `sluice-${port}.toml`,
    `[server]
port = ${port}

[[providers]]
name = "${providerOf['openai-chat']}"
dialect = "openai-chat"
base_url = "http://127.0.0.1:${upstreamPort}/v1"

[[providers]]
name = "${providerOf['anthropic-messages']}"
dialect = "anthropic-messages"
base_url = "http://127.0.0.1:${upstreamPort}/v1"
${more}`,
  )
  return { port, command: [process.execPath, join(root, program.file), 'start', '--config', config] }
}

/** How the model is named so that sluice calls the upstream of that dialect. */
export const providerOf: Readonly<Record<DialectName, string>> = {
  'openai-chat': 'chat',
  'anthropic-messages': 'messages',
}

/** The built program is what users run; a build that is older than the source would measure something else. */
export const program = findBuild()

function findBuild(): { file: string; said: string } {
  const built = newest(join(root, 'dist'))
  if (built === undefined) return { file: 'src/cli/main.ts', said: 'from its source (there is no build)' }
  if (built < newest(join(root, 'src'))!) {
    return { file: 'src/cli/main.ts', said: 'from its source (the build in dist/ is older)' }
  }
  return { file: 'dist/cli/main.js', said: 'as built JavaScript' }
}

function newest(path: string): number | undefined {
  try {
    const files = readdirSync(path, { recursive: true, encoding: 'utf8' })
    return Math.max(...files.map((file) => statSync(join(path, file)).mtimeMs))
  } catch {
    return undefined
  }
}
