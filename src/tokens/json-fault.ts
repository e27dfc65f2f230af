export interface JsonFaultOptions {
  /** What need not be looked at, but for the value itself. Default: nothing. */
  trusted?: (one: object) => boolean
}

interface Step {
  readonly node: Readonly<Record<string, unknown>>
  /** Of an array: none, its length says enough. */
  readonly keys: readonly string[] | undefined
  readonly length: number
  at: number
}

/**
 * Why JSON cannot say a value, and where; undefined: it can. Costs a walk over its objects, not over its texts. Not with a
 * recursion: what comes from outside may be deeper than a stack.
 */
export function jsonFault(root: unknown, { trusted }: JsonFaultOptions = {}): string | undefined {
  const steps: Step[] = []
  /** True: it stands above what is looked at now. */
  const seen = new Map<object, boolean>()
  const look = (value: unknown): string | undefined => {
    switch (typeof value) {
      case 'number':
        return Number.isFinite(value) ? undefined : `is ${value}`
      case 'bigint':
      case 'symbol':
      case 'function':
        return `is a ${typeof value}`
      case 'object':
        if (value === null || (steps.length > 0 && trusted?.(value))) return undefined
        if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return 'holds bytes'
        if (seen.has(value)) return seen.get(value) ? 'leads back to itself' : undefined
        seen.set(value, true)
        steps.push(stepInto(value as Step['node']))
        return undefined
      default:
        return undefined
    }
  }
  const fault = look(root)
  if (fault) return `it ${fault}`
  for (let step = steps.at(-1); step; step = steps.at(-1)) {
    if (step.at === step.length) {
      seen.set(step.node, false)
      steps.pop()
      continue
    }
    const fault = look(step.node[keyAt(step, step.at++)])
    if (fault) return `\`${pathOf(steps, step)}\` ${fault}`
  }
  return undefined
}

function stepInto(node: Step['node']): Step {
  if (Array.isArray(node)) return { node, keys: undefined, length: node.length, at: 0 }
  const keys = Object.keys(node)
  return { node, keys, length: keys.length, at: 0 }
}

function keyAt({ keys }: Step, at: number): string {
  return keys ? keys[at]! : String(at)
}

function pathOf(steps: readonly Step[], last: Step): string {
  let path = ''
  for (const step of steps) {
    const key = keyAt(step, step.at - 1)
    path += step.keys ? `${path === '' ? '' : '.'}${key.slice(0, 50)}` : `[${key}]`
    if (step === last || path.length > 200) break
  }
  return path
}
