import { createInterface, type Interface } from 'node:readline/promises'
import pc from 'picocolors'
import { ask, type ChatMessage, type Told, timing } from './ask.ts'
import { printFailure } from './failure.ts'
import type { Remote } from './remote.ts'

/** One question, one answer. Ctrl-C aborts it and leaves. */
export async function askOnce(remote: Remote, model: string, prompt: string): Promise<void> {
  const abort = new AbortController()
  const onSignal = (): void => abort.abort()
  process.once('SIGINT', onSignal)
  try {
    await tell(remote, model, [{ role: 'user', content: prompt }], abort.signal)
  } catch (thrown) {
    if (!abort.signal.aborted) throw thrown
    // What a shell expects of a program that Ctrl-C has ended.
    process.exitCode = 130
  } finally {
    process.off('SIGINT', onSignal)
  }
}

/** Questions from the keyboard until the end of input. Ctrl-C aborts an answer, and at the prompt it leaves. */
export async function converse(remote: Remote, model: string): Promise<void> {
  process.stderr.write(`${pc.dim(`${model} at ${remote.url}; Ctrl-C stops an answer, Ctrl-D leaves`)}\n`)
  const input = createInterface({ input: process.stdin, output: process.stderr })
  const messages: ChatMessage[] = []
  for (let question = await nextQuestion(input); question !== undefined; question = await nextQuestion(input)) {
    if (question.trim() === '') continue
    messages.push({ role: 'user', content: question })
    const answer = await answerOrNothing(input, remote, model, messages)
    // A question without an answer would make the next one a second in a row, which some providers refuse.
    if (answer === undefined) messages.pop()
    else messages.push({ role: 'assistant', content: answer })
  }
  input.close()
}

async function answerOrNothing(input: Interface, remote: Remote, model: string, messages: ChatMessage[]) {
  const abort = new AbortController()
  const onSignal = (): void => abort.abort()
  input.on('SIGINT', onSignal)
  try {
    const { text } = await tell(remote, model, messages, abort.signal)
    return text === '' ? undefined : text
  } catch (thrown) {
    if (abort.signal.aborted) process.stderr.write(pc.dim('(stopped)\n'))
    else printFailure(thrown, false)
    return undefined
  } finally {
    input.off('SIGINT', onSignal)
  }
}

/** A line of the keyboard; undefined at the end of input and at Ctrl-C. */
async function nextQuestion(input: Interface): Promise<string | undefined> {
  const leave = new AbortController()
  const onEnd = (): void => leave.abort()
  input.once('SIGINT', onEnd).once('close', onEnd)
  try {
    return await input.question(pc.bold('> '), { signal: leave.signal })
  } catch {
    process.stderr.write('\n')
    return undefined
  } finally {
    input.off('SIGINT', onEnd).off('close', onEnd)
  }
}

/** Puts an answer onto the terminal while it comes: text to standard output, all else to standard error. */
async function tell(remote: Remote, model: string, messages: ChatMessage[], signal: AbortSignal): Promise<Told> {
  let last = ''
  let reasoned = false
  const told = await ask(remote, {
    model,
    messages,
    signal,
    onReasoning(text) {
      reasoned = true
      process.stderr.write(pc.dim(text))
    },
    onText(text) {
      if (reasoned && last === '') process.stderr.write('\n\n')
      last = text
      process.stdout.write(text)
    },
  }).finally(() => {
    // Also behind an answer that broke off: what is said about it gets a line of its own.
    if (last === '' && reasoned) process.stderr.write('\n')
    if (last !== '' && !last.endsWith('\n')) process.stdout.write('\n')
  })
  process.stderr.write(`${pc.dim(timing(told))}\n`)
  return told
}
