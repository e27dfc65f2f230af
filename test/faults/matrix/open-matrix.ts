import { type ConfigOptions, readConfig } from '../../../src/config/index.ts'
import type { ClientDialectName } from '../../../src/dialects/index.ts'
import { type Clock, systemClock } from '../../../src/flow/index.ts'
import { Gateway } from '../../../src/gateway/index.ts'
import { type RequestRecord, silentLog } from '../../../src/observe/index.ts'
import { type ScriptedServer, startScripted } from '../../../src/providers/scripted/index.ts'
import { listen } from '../../../src/server/listen.ts'
import { openTransport } from '../../../src/transport/index.ts'
import { testedClient } from '../../transport/client.ts'
import { poisoned } from '../../transport/poisoned.ts'
import { post, until } from '../house.ts'
import { asking, clients } from './clients.ts'
import { type Policy, retries } from './expect.ts'
import { secondText } from './phases.ts'

export interface Matrix {
  url: string
  /** Plays what the prompt says. */
  first: ScriptedServer
  /** Always answers well. */
  second: ScriptedServer
  /** By the id of their request. */
  records: Map<string, RequestRecord[]>
  /** When the record of a request came, by its model; in milliseconds since 1970. */
  settledAt: Map<string, number>
  /** The model's name that a client says. */
  nameOf(policy: Policy, upstream: ClientDialectName, model: string): string
  /** Calls of providers for that model that are not over. */
  open(model?: string): number
  /** Waits until no request is running. */
  idle(): Promise<void>
  /** Waits until all calls are over, closes the house, and asks that no timer and no connection is left. */
  close(): Promise<void>
}

/** The other target speaks another language. */
function otherOf(upstream: ClientDialectName): ClientDialectName {
  return clients[(clients.indexOf(upstream) + 1) % clients.length]!
}

/**
 * A gateway before two servers in every language, that counts its timers.
 *
 * @param warm what the providers can do is found out before
 */
export async function openMatrix(streaming: NonNullable<ConfigOptions['streaming']>, warm = true): Promise<Matrix> {
  const before = connections()
  const first = await startScripted({ logLimit: 20_000 })
  const second = await startScripted({ logLimit: 20_000, script: { steps: [{ text: secondText, chunk: 'word' }] } })
  const provider = (name: string, dialect: ClientDialectName, { url }: ScriptedServer) => {
    const versioned = dialect === 'openai-chat' || dialect === 'openai-responses'
    return { name, dialect, base_url: versioned ? `${url}/v1` : url }
  }
  const config = readConfig({
    options: {
      server: { port: 0 },
      streaming: {
        max_retries: retries,
        ...streaming,
        models: [
          { match: '*/go-*', after_content: 'continue' },
          { match: '*/slow-*', simulate_rate: 50 },
        ],
      },
      providers: clients.flatMap((one) => [
        provider(`first-${one}`, one, first),
        provider(`second-${one}`, one, second),
      ]),
      models: clients.map((one) => ({
        name: `${one}-then-*`,
        targets: [`first-${one}/*`, `second-${otherOf(one)}/*`],
      })),
    },
    env: {},
    flags: {},
  })
  const records: Matrix['records'] = new Map()
  const settledAt = new Map<string, number>()
  const transport = poisoned(openTransport({ client: testedClient, connectTimeoutMs: 5000, env: {} }))
  const clock = countingClock()
  const gateway = new Gateway({
    config,
    transport,
    clock,
    log: {
      ...silentLog,
      request(record) {
        records.set(record.id, [...(records.get(record.id) ?? []), record])
        settledAt.set(record.model ?? '', Date.now())
      },
    },
  })
  const listening = await listen(gateway, config.server)
  const matrix: Matrix = {
    url: `http://127.0.0.1:${listening.port}`,
    first,
    second,
    records,
    settledAt,
    nameOf: (policy, upstream, model) =>
      policy === 'single'
        ? `first-${upstream}/${model}`
        : `${upstream}-then-${policy === 'continue' ? 'go-' : ''}${model}`,
    open: (model) =>
      [first, second]
        .flatMap(({ requests }) => requests)
        .filter((one) => !over(one) && (model === undefined || one.model === model)).length,
    idle: () => until(() => gateway.running === 0, 'no request is running'),
    async close() {
      await matrix.idle()
      // Soon, and not only when the longest of all timers would have ended them.
      await until(() => matrix.open() === 0, 'the call of no provider is open', 500)
      await until(() => clock.timers() === resting, 'no timer is left', 500)
      gateway.stop()
      await listening.close()
      await transport.close()
      await Promise.all([first.close(), second.close()])
      await until(() => connections() <= before, 'no connection is left')
    },
  }
  // Nobody shall have to wait for whoever finds out what a provider can do.
  for (const upstream of warm ? clients : []) {
    for (const server of ['first', 'second']) {
      const [path, body] = asking('openai-chat', `${server}-${upstream}/warm`, quick, true)
      await post(matrix.url + path, body)
    }
  }
  await until(() => gateway.running === 0, 'no request is running')
  const resting = clock.timers()
  return matrix
}

const quick = JSON.stringify({ sluice_script: { steps: [{ text: 'Hi' }] } })

/** Of this process, at either end. */
function connections(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length
}

function over({ finished, aborted, cut }: ScriptedServer['requests'][number]): boolean {
  return finished || aborted || cut
}

/** The real clock, which knows how many timers run. */
function countingClock(): Clock & { timers: () => number } {
  const running = new Set<object>()
  return {
    now: () => systemClock.now(),
    after(ms, callback) {
      const timer = {}
      running.add(timer)
      const cancel = systemClock.after(ms, () => {
        running.delete(timer)
        callback()
      })
      return () => {
        running.delete(timer)
        cancel()
      }
    },
    timers: () => running.size,
  }
}
