import {
  chat,
  clientsLack,
  converse,
  gemini,
  type Loss,
  messages,
  ollama,
  partialFor,
  providersLack,
  responses,
} from './loss.ts'

const replies: Loss[] = [
  providersLack([converse], ['the name of the model'], 'Answers do not name the model.'),
  providersLack(
    [messages, gemini, ollama, converse],
    ['a refusal as such'],
    'Refusing is done in plain text, or by how the answer ends.',
  ),
  partialFor([messages, gemini, ollama], ['a refusal as such'], 'It is shown as text: there is nothing else for it.', {
    upstreams: [chat, responses],
  }),
  providersLack([ollama], ['sources'], 'There are no sources in this API.'),
  partialFor([ollama], ['sources'], 'There are no sources in this API.'),
  partialFor(
    [messages],
    ['sources'],
    'Sources vouch for passages of documents here, in a shape that an address and a title do not fill.',
    { upstreams: [chat, responses, gemini, converse] },
  ),
  providersLack(
    [chat, responses, gemini, ollama],
    ['passages of a document that vouch for it'],
    'Sources are pages in this API, or there are none.',
  ),
  partialFor(
    [chat, responses, messages, gemini, ollama],
    ['passages of a document that vouch for it'],
    'Each vendor points at passages in its own way, and most not at all.',
    { upstreams: [messages, converse] },
  ),
  providersLack([messages, converse], ['log-probabilities'], 'This API does not say them.'),
  partialFor([messages], ['log-probabilities'], 'This API has no place for them, nor a way to ask.', {
    upstreams: [chat, responses, gemini, ollama],
  }),
  clientsLack([messages, gemini, ollama], ['a free-text call'], 'Tools take objects in this API.'),
  clientsLack([messages, gemini], ['a name that not every API takes'], 'This API takes no such name.'),
  providersLack(
    [chat, ollama],
    ['text behind a call', 'reasoning between two texts'],
    'Text, reasoning and calls are fields of one message, with no order between them.',
    { form: 'whole' },
  ),
  partialFor(
    [chat, ollama],
    ['text behind a call', 'reasoning between two texts'],
    'Text, reasoning and calls are fields of one message, with no order between them.',
    { form: 'whole', upstreams: [responses, messages, gemini, converse] },
  ),
]

const endings: Loss[] = [
  providersLack(
    [chat, responses, gemini, ollama],
    ['a stop sequence came', 'the context is full'],
    'This API has no word of its own for it.',
  ),
  partialFor(
    [chat, responses, gemini, ollama],
    ['a stop sequence came', 'the context is full'],
    'It is told as the usual end, or as the longest length.',
    { upstreams: [messages, converse] },
  ),
  providersLack([chat, responses, gemini, ollama], ['which stop sequence it was'], 'This API does not say it.'),
  partialFor([chat, responses, gemini, ollama], ['which stop sequence it was'], 'This API does not say it.', {
    upstreams: [messages, converse],
  }),
  providersLack([ollama], ['a filter stepped in'], 'This API has no word of its own for it.'),
  partialFor([ollama], ['a filter stepped in'], 'It is told as the usual end.', {
    upstreams: [chat, responses, messages, gemini, converse],
  }),
  providersLack(
    [chat, responses, gemini, ollama, converse],
    ['the provider paused'],
    'This API has no word of its own for it.',
  ),
  partialFor(
    [chat, responses, gemini, ollama],
    ['the provider paused'],
    'It is told as the usual end, or as the longest length.',
    {
      upstreams: [messages],
    },
  ),
  providersLack(
    [chat, responses, messages, ollama],
    ['the model wrote no proper call'],
    'This API has no word of its own for it.',
  ),
  partialFor([chat, messages, ollama], ['the model wrote no proper call'], 'It is told as the usual end.', {
    upstreams: [gemini, converse],
  }),
  partialFor([responses], ['the model wrote no proper call'], 'It is told as a failure of the provider.', {
    upstreams: [gemini, converse],
  }),
]

const usages: Loss[] = [
  providersLack(
    [ollama],
    ['tokens read from a cache', 'tokens written to a cache', 'tokens of reasoning'],
    'They are not counted by themselves.',
  ),
  providersLack([gemini], ['tokens written to a cache'], 'They are not counted by themselves.'),
  providersLack([converse], ['tokens of reasoning'], 'They are not counted by themselves.'),
  partialFor(
    [ollama],
    ['tokens read from a cache', 'tokens written to a cache', 'tokens of reasoning'],
    'There is no field for them: they are within the sum.',
  ),
  partialFor([gemini], ['tokens written to a cache'], 'There is no field for them: they are within the sum.'),
]

const unknownUsage: Loss[] = [
  providersLack([responses, messages], ['what is not known is not zero'], 'Answers of this API always say it.'),
  partialFor(
    [responses, messages],
    ['what is not known is not zero'],
    'Answers of this API always say it, so a count of sluice’s own stands there.',
    { upstreams: [chat, gemini, ollama, converse] },
  ),
]

/** A loop, and the same with a client that hands back all that it got. */
const bothWays = (...names: string[]): string[] => names.flatMap((name) => [name, `${name}, handed back by the client`])

const signed = 'signed reasoning over a tool loop'
const redacted = 'redacted reasoning over a tool loop'
const encrypted = 'encrypted reasoning over a tool loop'
const ofCall = 'the signature of a call over a tool loop'

const states: Loss[] = [
  providersLack(
    [ollama],
    [
      ...bothWays(signed, redacted, encrypted, ofCall),
      'signed reasoning that shows no text over a tool loop',
      'state that stays behind when another vendor goes on',
    ],
    'Models of this API hand out no state.',
  ),
  providersLack([gemini], bothWays(redacted, encrypted), 'State is a signature here.'),
  providersLack([messages, converse], bothWays(encrypted), 'Reasoning is signed or redacted here.'),
  providersLack([responses, messages, converse], bothWays(ofCall), 'State hangs on reasoning here, not on calls.'),
  clientsLack(
    [ollama],
    [signed, redacted, encrypted, ofCall].map((name) => `${name}, handed back by the client`),
    'Messages have no field for state here: it comes back by the ids of the calls, as the rows above say.',
  ),
]

const failures: Loss[] = [
  providersLack(
    [gemini, ollama],
    ['the content is against a policy'],
    'A filter shows in how an answer ends, and is no error.',
  ),
  partialFor(
    [gemini, ollama],
    ['the content is against a policy'],
    'This API has one word for all requests that are wrong.',
    {
      upstreams: [chat, responses, messages, converse],
    },
  ),
  partialFor([gemini], ['the gateway’s own key is refused'], 'What fails behind the gateway has one word here.'),
  providersLack([gemini], ['no credit is left'], 'It has the same word as too many requests.'),
  providersLack([converse], ['no credit is left'], 'Bills are no matter of this API.'),
  partialFor([gemini], ['no credit is left'], 'It has the same word as too many requests.'),
  providersLack(
    [gemini, converse],
    ['the body is too large'],
    'This API has one word for all requests that are wrong.',
  ),
  partialFor([gemini], ['the body is too large'], 'This API has one word for all requests that are wrong.'),
]

const late = (...names: string[]): string[] => names.map((name) => `in the middle of the answer: ${name}`)
const noWord = 'In a stream this API has no word of its own for it: it is a failure like others.'
const lateFailures: Loss[] = [
  providersLack(
    [ollama],
    late(
      'the request is wrong',
      'the content is against a policy',
      'the gateway’s own key is refused',
      'no credit is left',
      'the model is unknown',
      'the body is too large',
    ),
    noWord,
  ),
  providersLack(
    [gemini],
    late('the content is against a policy', 'no credit is left', 'the body is too large'),
    noWord,
  ),
  providersLack([converse], late('no credit is left', 'the body is too large'), noWord),
  providersLack([chat], late('the body is too large'), noWord),
  providersLack([responses], late('the body is too large', 'the provider gives up waiting'), noWord),
  partialFor([ollama], late('the request is wrong', 'the model is unknown'), noWord, {
    upstreams: [chat, responses, messages, gemini, converse],
  }),
  partialFor([gemini, ollama], late('the content is against a policy'), noWord, {
    upstreams: [chat, responses, messages, converse],
  }),
  partialFor([gemini], late('the gateway’s own key is refused'), noWord, {
    upstreams: [chat, responses, messages, gemini, converse],
  }),
  partialFor([gemini, ollama], late('no credit is left'), noWord, { upstreams: [chat, responses, messages] }),
  partialFor([chat, responses, gemini, ollama], late('the body is too large'), noWord, { upstreams: [messages] }),
  partialFor([responses], late('the provider gives up waiting'), noWord, {
    upstreams: [chat, messages, gemini, ollama, converse],
  }),
]

export const replyLosses: Loss[] = [
  ...replies,
  ...endings,
  ...usages,
  ...unknownUsage,
  ...states,
  ...failures,
  ...lateFailures,
]
