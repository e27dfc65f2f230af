import { describe, expect, it } from 'vitest'
import { checkScript } from '../../../src/providers/scripted/check.ts'
import { builtinScripts, readScriptFile, type Script, startScripted } from '../../../src/providers/scripted/index.ts'

describe('a script file', () => {
  it('is TOML or JSON, by its name, with the same content', () => {
    const toml = readScriptFile(
      'default = "hello"\n[scripts.hello]\nfinish = "length"\n[[scripts.hello.steps]]\ntext = "Hi"\npace = "20ms"\n[[scripts.hello.steps]]\nwait = 5\n[scripts.hello.fault]\nstatus = 429\nretryAfter = "2s"\n',
      'demo.toml',
    )
    const hello: Script = {
      finish: 'length',
      steps: [{ text: 'Hi', pace: '20ms' }, { wait: 5 }],
      fault: { status: 429, retryAfter: '2s' },
    }
    expect(toml).toEqual({ default: 'hello', scripts: { hello } })
    expect(readScriptFile(JSON.stringify({ default: 'hello', scripts: { hello } }), 'demo.json')).toEqual(toml)
  })

  it('may be a single script, which then answers everything', () => {
    expect(readScriptFile('{"steps":[{"text":"a"}]}', 'a.json')).toEqual({
      scripts: {},
      default: { steps: [{ text: 'a' }] },
    })
  })

  const scripts = (script: object) => JSON.stringify({ scripts: { a: script } })
  it.each([
    ['{', 'it is not JSON'],
    ['[]', 'the script must be an object, but it is []'],
    ['{"scripts":{},"scrpts":{}}', 'the script has no field "scrpts"; it may have scripts, default'],
    ['{"scripts":{},"default":"x"}', '`default` names "x", and there is no such script'],
    [scripts({ stpes: [] }), '`scripts.a` has no field "stpes"; it may have steps, finish'],
    [scripts({ steps: {} }), '`scripts.a.steps` must be a list of steps'],
    [scripts({ steps: [{ text: 'a' }, 'b'] }), '`scripts.a.steps[1]` must be an object, but it is "b"'],
    [scripts({ steps: [{ txt: 'a' }] }), '`scripts.a.steps[0]` is no step: found "txt"; a step has one of text,'],
    [scripts({ steps: [{ text: 'a', tool: 'b' }] }), '`scripts.a.steps[0]` is two steps at once, "text" and "tool"'],
    [scripts({ steps: [{ repeat: 3 }] }), '`scripts.a.steps[0].text` is missing'],
    [scripts({ steps: [{ text: 1 }] }), '`scripts.a.steps[0].text` must be string: found 1'],
    [scripts({ steps: [{ text: 'a', pace: '2 s' }] }), '`scripts.a.steps[0].pace` must be a time: a number of'],
    [
      scripts({ steps: [{ text: 'a', chunk: 'line' }] }),
      '`scripts.a.steps[0].chunk` must be a number of characters, "word" or',
    ],
    [scripts({ steps: [{ text: 'a', chnk: 1 }] }), '`scripts.a.steps[0]` has no field "chnk"; it may have text, chunk'],
    [
      scripts({ steps: [{ parallel: [{ tool: 'a' }, { tool: 2 }] }] }),
      '`scripts.a.steps[0].parallel[1].tool` must be string',
    ],
    [scripts({ fault: { status: 200 } }), '`scripts.a.fault.status` must be >= 400'],
    [
      scripts({ fault: { cut: 1 } }),
      '`scripts.a.fault` is no fault: found "cut"; a fault has one of status, errorEvent',
    ],
    [scripts({ usage: { inputs: 1 } }), '`scripts.a.usage` has no field "inputs"'],
    [scripts({ wire: { lineEnd: 'lfcr' } }), '`scripts.a.wire.lineEnd` must be "lf", "crlf" or "cr", but it is "lfcr"'],
    [scripts({ turns: [] }), '`scripts.a.turns` must be a list of at least one script'],
    [scripts({ turns: [{ turns: [] }] }), '`scripts.a.turns[0]` has no field "turns"'],
  ])('that says %s is refused with its place', (text, message) => {
    expect(() => readScriptFile(text, 'demo.json')).toThrow(
      expect.objectContaining({
        code: 'config_invalid',
        message: expect.stringContaining(`cannot read demo.json: ${message}`),
      }),
    )
  })

  it('with broken TOML says so', () => {
    expect(() => readScriptFile('a = ', 'x.toml')).toThrow(/cannot read x\.toml: it is not TOML/)
  })
})

it.each(Object.entries(builtinScripts))('the built-in script %s is a legal one', (name, script) => {
  expect(checkScript(script, name)).toBe(script)
})

it('a server with a wrong script does not start', async () => {
  await expect(startScripted({ script: { steps: [{ wait: -1 }] } })).rejects.toThrow(
    'cannot read the option `script`: `steps[0].wait`',
  )
})
