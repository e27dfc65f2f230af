import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { createLog, type LogConfig, type RequestRecord, silentLog } from '../../src/observe/index.ts'

const record: RequestRecord = {
  id: 'req_1',
  method: 'POST',
  path: '/v1/messages',
  client: 'anthropic-messages',
  provider: 'openai',
  model: 'gpt-4.1',
  stream: 'native',
  inputTokens: 12,
  outputTokens: 340,
  firstMs: 310.44,
  totalMs: 4230.06,
  status: 200,
  outcome: 'ok',
}

function written(
  config: Partial<LogConfig>,
  use: (log: ReturnType<typeof createLog>) => void,
  isTTY = false,
): string[] {
  const lines: string[] = []
  const destination = {
    isTTY,
    write: (line: string) => {
      lines.push(line)
    },
  }
  use(createLog({ level: 'info', format: 'json', ...config }, destination))
  for (const line of lines) expect(line.indexOf('\n')).toBe(line.length - 1)
  return lines.map((line) => line.slice(0, -1))
}

const everything = (log: ReturnType<typeof createLog>): void => {
  log.error('e')
  log.warn('w')
  log.info('i')
  log.request(record)
  log.step('req_1', 'first token', { ms: 3 })
}

describe('a log for machines', () => {
  it('says one request in one line', () => {
    const [line = ''] = written({}, (log) => log.request(record))
    const { time, ...rest } = JSON.parse(line)
    expect(Date.parse(time)).toBeGreaterThan(0)
    expect(rest).toEqual({
      level: 'info',
      id: 'req_1',
      method: 'POST',
      path: '/v1/messages',
      client: 'anthropic-messages',
      provider: 'openai',
      model: 'gpt-4.1',
      stream: 'native',
      input_tokens: 12,
      output_tokens: 340,
      first_ms: 310.4,
      total_ms: 4230.1,
      status: 200,
      outcome: 'ok',
      msg: 'request',
    })
  })

  it('leaves out what is not known instead of calling it zero', () => {
    const { inputTokens: _, outputTokens: __, firstMs: ___, ...unknown } = record
    const [line = ''] = written({}, (log) =>
      log.request({ ...unknown, outcome: 'aborted', code: 'client_closed', status: 499 }),
    )
    expect(line).not.toMatch(/tokens|first_ms|null/)
    expect(JSON.parse(line)).toMatchObject({ outcome: 'aborted', code: 'client_closed', status: 499 })
  })

  it.each([
    ['silent', 0],
    ['error', 1],
    ['warn', 2],
    ['info', 4],
    ['debug', 5],
  ] as const)('at level %s writes %i of five lines', (level, count) => {
    for (const format of ['json', 'pretty'] as const) expect(written({ level, format }, everything)).toHaveLength(count)
  })

  it('tells the story of a request step by step at level debug', () => {
    const lines = written({ level: 'debug' }, (log) => {
      expect(log.debug).toBe(true)
      log.step('req_1', 'routed', { provider: 'openai', model: 'gpt-4.1', warnings: undefined })
      log.step('req_1', 'first token', { ms: 3 })
    }).map((line) => JSON.parse(line))
    expect(lines).toMatchObject([
      { level: 'debug', id: 'req_1', provider: 'openai', model: 'gpt-4.1', msg: 'routed' },
      { id: 'req_1', ms: 3, msg: 'first token' },
    ])
    expect(lines[0]).not.toHaveProperty('warnings')
  })

  it('says whose key it was by its name, and why a step was taken', () => {
    const lines = written({ level: 'debug' }, (log) => {
      log.request({ ...record, key: 'nightly' })
      log.step('req_1', 'next', { because: 'upstream_cut', target: 'openai/gpt-4.1', ms: 250 })
      log.step('req_1', 'end', { pauses: 2, pausedMs: 40 })
    }).map((line) => JSON.parse(line))
    expect(lines).toMatchObject([
      { client_key: 'nightly' },
      { because: 'upstream_cut', target: 'openai/gpt-4.1', ms: 250 },
      { pauses: 2, pausedMs: 40 },
    ])
    for (const line of lines) expect(line).not.toHaveProperty('hidden')
  })

  it('says which attempts came to nothing, one by one, and keeps what others called them to a line', () => {
    const failed = ['openai/gpt-4.1 upstream_rate_limit', `house/${'m\n'.repeat(500)} upstream_server`]
    const [line = ''] = written({}, (log) => log.request({ ...record, failed }))
    const said = JSON.parse(line).failed
    expect(said).toEqual(['openai/gpt-4.1 upstream_rate_limit', expect.stringMatching(/^house\/m m [m ]*$/)])
    expect(said[1].length).toBe(200)
    expect(JSON.parse(line)).not.toHaveProperty('hidden')
    const [many = ''] = written({}, (log) =>
      log.request({ ...record, failed: Array(5000).fill('p/m upstream_server') }),
    )
    expect(JSON.parse(many).failed).toHaveLength(50)
  })
})

describe('a log for people', () => {
  const pretty = (change: Partial<RequestRecord>) =>
    written({ format: 'pretty' }, (log) => log.request({ ...record, ...change }))[0]?.replace(/^\d\d:\d\d:\d\d /, '')

  it('says one request in one line', () => {
    expect(pretty({})).toBe(
      '200 ok       openai/gpt-4.1  anthropic-messages native  12 -> 340 tokens  first 310 ms  total 4.2 s  req_1',
    )
    expect(pretty({ outcome: 'error', status: 502, code: 'upstream_server', inputTokens: undefined })).toBe(
      '502 error    openai/gpt-4.1  anthropic-messages native  ? -> 340 tokens  first 310 ms  total 4.2 s  upstream_server  req_1',
    )
    expect(
      pretty({ provider: undefined, model: undefined, stream: undefined, firstMs: undefined, totalMs: 0, status: 401 }),
    ).toBe('401 ok       /v1/messages  anthropic-messages  total 0 ms  req_1')
    expect(pretty({ key: 'nightly' })).toContain('anthropic-messages native  key nightly  12 -> 340')
    expect(pretty({ failed: ['house/m connect_timeout', 'house/n upstream_server'] })).toMatch(
      /total 4\.2 s {2}after house\/m connect_timeout, house\/n upstream_server {2}req_1$/,
    )
  })

  it('is chosen on a terminal, and JSON elsewhere', () => {
    const first = (isTTY: boolean) => written({ format: 'auto' }, (log) => log.info('hello'), isTTY)[0]
    expect(first(false)).toMatch(/^\{/)
    expect(first(true)).toMatch(/hello$/)
  })
})

describe('what a log never holds', () => {
  it.each(['json', 'pretty'] as const)('a fact that is not listed (%s)', (format) => {
    const facts = { provider: 'openai', prompt: 'my secret', authorization: 'Bearer sk-1', body: '{}' }
    const lines = written({ level: 'debug', format }, (log) => {
      log.step('req_1', 'sent', facts)
      for (const level of ['info', 'warn', 'error'] as const) log[level]('sent', facts)
      log.request({ ...record, ...facts } as RequestRecord)
    })
    expect(lines).toHaveLength(5)
    expect(lines.join('\n')).not.toMatch(/my secret|sk-1|\{\}/)
    // Dropped, but not in silence.
    expect(lines[0]).toContain('prompt,authorization,body')
  })

  it('a second line, or a page, smuggled in through the name of a model', () => {
    const model = `gpt\n12:00:00 200 ok\x1b[2K\u2028${'x'.repeat(10_000)}`
    for (const format of ['json', 'pretty'] as const) {
      const [line = ''] = written({ format }, (log) => log.request({ ...record, model }))
      expect(line).not.toMatch(/\\n|\\u001b|[\x1b\u2028]/)
      expect(line.length).toBeLessThan(600)
    }
  })
})

it('a silent log does nothing at all', () => {
  expect(silentLog.debug).toBe(false)
  expect(() => everything(silentLog)).not.toThrow()
})

it('the last lines are not lost when the process ends right after them', () => {
  const code = `
    import { createLog } from ${JSON.stringify(new URL('../../src/observe/index.ts', import.meta.url).href)}
    const log = createLog({ level: 'info', format: 'auto' })
    for (let i = 0; i < 3; i++) log.info('line ' + i)
    process.exit(0)`
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' })
  expect(child.stdout).toBe('')
  // In any order: the first may still be on its way to the system while the exit writes the others.
  const messages = child.stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).msg)
  expect(messages.toSorted()).toEqual(['line 0', 'line 1', 'line 2'])
})
