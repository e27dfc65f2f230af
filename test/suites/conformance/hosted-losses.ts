import {
  chat,
  clientsLack,
  converse,
  gemini,
  type Loss,
  messages,
  ollama,
  partialFor,
  partialTo,
  providersLack,
  refusedBy,
  responses,
} from './loss.ts'

const others = 'It runs at another vendor: it is left out, and the rest of the conversation goes on.'
const ownTools = 'All tools are run by the client in this API.'

/** Tools that run at the provider, and what an answer holds beside texts and calls. */
export const hostedLosses: Loss[] = [
  clientsLack([ollama], ['such a tool is offered'], ownTools),
  partialTo(
    [chat, responses, messages, gemini, ollama, converse],
    ['such a tool is offered'],
    'It runs at another vendor: it is left out, and the model answers without it.',
  ),
  clientsLack([chat, ollama], ['such a tool must be used'], ownTools),
  clientsLack([gemini], ['such a tool must be used'], 'Only the client’s own functions can be demanded in this API.'),
  refusedBy(
    [chat, responses, messages, gemini, ollama, converse],
    ['such a tool must be used'],
    'It runs at another vendor, and without it this would be another question.',
  ),
  clientsLack([chat, ollama], ['its work in the history'], ownTools),
  partialTo([chat, responses, messages, gemini, ollama, converse], ['its work in the history'], others),
  providersLack([chat, ollama, converse], ['what it did, in the answer'], 'This API does not show it.'),
  partialFor(
    [chat, responses, messages, gemini, ollama],
    ['what it did, in the answer'],
    'Each vendor’s tools have a shape of their own: their work is left out, what the model says of it is not.',
    { upstreams: [responses, messages, gemini] },
  ),
]

export const mediaLosses: Loss[] = [
  providersLack(
    [messages, ollama, converse],
    ['an image in the answer', 'the kind of an image in the answer'],
    'There are no images in answers of this API.',
  ),
  partialFor(
    [messages, ollama],
    ['an image in the answer', 'the kind of an image in the answer'],
    'There are no images in answers of this API.',
    { upstreams: [chat, responses, gemini] },
  ),
  providersLack(
    [responses, messages, ollama, converse],
    ['sound in the answer'],
    'There is no sound in answers of this API.',
  ),
  partialFor([responses, messages, ollama], ['sound in the answer'], 'There is no sound in answers of this API.', {
    upstreams: [chat, gemini],
  }),
  providersLack([converse], ['what is spoken, in words'], 'There is no sound in answers of this API.'),
  partialFor(
    [responses, messages, ollama],
    ['what is spoken, in words'],
    'The words are there, as text; the sound is not.',
    { upstreams: [chat, gemini] },
  ),
]
