import {
  chat,
  clientsLack,
  converse,
  gemini,
  type Loss,
  messages,
  ollama,
  partialTo,
  refusedBy,
  responses,
} from './loss.ts'

const requests: Loss[] = [
  clientsLack([gemini], ['instructions in the middle of the conversation'], 'Instructions have one place in this API.'),
  partialTo(
    [messages, gemini, converse],
    ['instructions in the middle of the conversation'],
    'Models take instructions at the beginning only: later ones are sent as a text of the user, marked as such.',
  ),
  clientsLack([responses, messages, gemini, ollama], ['the name of a speaker'], 'Speakers have no names in this API.'),
  partialTo(
    [responses, messages, gemini, ollama, converse],
    ['the name of a speaker'],
    'Speakers have no names in this API.',
  ),
  partialTo(
    [responses],
    ['a call whose result is missing', 'a result whose call is missing'],
    'Its other half may stand in an answer that the provider keeps, so nothing is mended between two ends of this API.',
    { clients: [responses] },
  ),
  clientsLack([gemini, ollama], ['a strict tool'], 'Strictness cannot be asked for in this API.'),
  partialTo([gemini, ollama], ['a strict tool'], 'Strictness cannot be asked for in this API.'),
  clientsLack(
    [ollama],
    ['some tool must be called', 'this tool must be called'],
    'The choice is always the model’s in this API.',
  ),
  refusedBy(
    [ollama],
    ['some tool must be called', 'this tool must be called'],
    'The choice is always the model’s in this API.',
  ),
  partialTo(
    [converse],
    ['no tool may be called any more'],
    'Calls in the history want tools in the request, and there is no word that forbids them.',
  ),
  clientsLack([gemini, ollama], ['one call at a time'], 'Parallel calls cannot be forbidden in this API.'),
  partialTo([gemini, ollama, converse], ['one call at a time'], 'Parallel calls cannot be forbidden in this API.'),
  clientsLack(
    [chat, responses, ollama],
    ['a result that is an error'],
    'Results have no mark for it: it is said in the text.',
  ),
  partialTo(
    [chat, responses, ollama],
    ['a result that is an error'],
    'Results have no mark for it: it is said in the text.',
  ),
  clientsLack([ollama], ['a result with an image', 'a result with a PDF'], 'Results are text in this API.'),
  refusedBy([ollama], ['a result with a PDF'], 'There are only texts and images in this API.'),
  partialTo([chat], ['a result with a PDF'], 'Results are text in this API: the file follows in the next message.'),
  partialTo(
    [chat, ollama],
    ['a result with an image'],
    'Results are text in this API: the image follows in the next message.',
  ),
  partialTo(
    [gemini],
    ['a result with an image', 'a result with a PDF'],
    'It stands beside the result, since not every model takes it inside.',
  ),
]

const media: Loss[] = [
  clientsLack([ollama], ['an image by its address'], 'Images are bytes in this API.'),
  refusedBy([ollama, converse], ['an image by its address'], 'The provider fetches nothing, and neither does sluice.'),
  clientsLack(
    [messages, gemini, ollama],
    ['how closely to look at it'],
    'It is not a property of an image in this API.',
  ),
  partialTo(
    [messages, gemini, ollama, converse],
    ['how closely to look at it'],
    'It is not a property of an image in this API.',
  ),
  clientsLack(
    [ollama],
    ['a PDF as bytes', 'a PDF by its address', 'a file by the vendor’s id'],
    'There are only texts and images in this API.',
  ),
  refusedBy([ollama], ['a PDF as bytes', 'a file by the vendor’s id'], 'There are only texts and images in this API.'),
  refusedBy(
    [chat, ollama, converse],
    ['a PDF by its address'],
    'The provider fetches nothing, and neither does sluice.',
  ),
  clientsLack([gemini], ['a file by the vendor’s id'], 'Files have addresses in this API, no ids.'),
  refusedBy(
    [chat, responses, messages, gemini, converse],
    ['a file by the vendor’s id'],
    'Only the vendor that keeps the file can read it.',
  ),
  clientsLack([responses, messages, ollama], ['sound'], 'There is no sound in this API.'),
  refusedBy([responses, messages, ollama, converse], ['sound'], 'There is no sound in this API.'),
]

const marks = [
  'marks behind which the prompt is cached',
  'a mark behind the instructions',
  'a mark behind the tools',
  'how long the prompt is to be cached',
]

const settings: Loss[] = [
  partialTo(
    [gemini],
    ['how much to think, as a step'],
    'The step is sent as a number of tokens, which models of every age take.',
  ),
  partialTo([ollama], ['how much to think, as a step'], 'Models of this API think or do not, but for a few.'),
  clientsLack([responses, ollama], ['how much to think, in tokens'], 'It is told in steps.'),
  partialTo(
    [chat, responses, converse],
    ['how much to think, in tokens'],
    'It is told in steps: the nearest is taken.',
  ),
  partialTo([messages], ['how much to think, in tokens'], 'Newer models decide for themselves and take a step only.', {
    clients: [chat, gemini],
  }),
  partialTo([ollama], ['how much to think, in tokens'], 'Models of this API think or do not.'),
  clientsLack([messages], ['any JSON'], 'JSON needs a schema in this API.'),
  partialTo([messages, converse], ['any JSON'], 'JSON needs a schema in this API: the wish is sent as an instruction.'),
  clientsLack([responses], ['stop sequences'], 'There are no stop sequences in this API.'),
  refusedBy([responses], ['stop sequences'], 'There are no stop sequences in this API.'),
  clientsLack(
    [responses, messages, ollama],
    ['several answers', 'several answers, each by its number'],
    'There is one answer to a request in this API.',
  ),
  refusedBy(
    [responses, messages, ollama, converse],
    ['several answers', 'several answers, each by its number'],
    'There is one answer to a request in this API.',
  ),
  clientsLack([messages, gemini, ollama], ['how wordy'], 'This API has no such field.'),
  partialTo([messages, gemini, ollama, converse], ['how wordy'], 'This API has no such field.'),
  clientsLack([messages], ['temperature over 1'], 'The highest is 1 in this API.'),
  partialTo([messages, converse], ['temperature over 1'], 'The highest is 1 in this API, and is taken.'),
  clientsLack([responses], ['top-k', 'seed', 'penalties'], 'This API has no such field.'),
  clientsLack([messages], ['seed', 'penalties'], 'This API has no such field.'),
  partialTo([chat, responses], ['top-k'], 'This API has no such field.'),
  partialTo([responses, messages, converse], ['seed', 'penalties'], 'This API has no such field.'),
  clientsLack([responses, messages, gemini, ollama], ['bias of tokens'], 'This API has no such field.'),
  partialTo([responses, messages, gemini, ollama, converse], ['bias of tokens'], 'This API has no such field.'),
  clientsLack([gemini, ollama], marks, 'Prompts are cached without marks, or not at all.'),
  partialTo([gemini, ollama], marks, 'Prompts are cached without marks, or not at all.'),
  clientsLack([responses], ['a mark behind the instructions'], 'Instructions are one text in this API, without marks.'),
  partialTo([responses], ['a mark behind the instructions'], 'Instructions are one text in this API, without marks.'),
  clientsLack([chat, responses], ['a mark behind the tools'], 'Tools have no marks in this API.'),
  partialTo([chat, responses], ['a mark behind the tools'], 'Tools have no marks in this API.'),
  clientsLack([chat, responses], ['how long the prompt is to be cached'], 'Marks say nothing of it in this API.'),
  partialTo([chat, responses], ['how long the prompt is to be cached'], 'Marks say nothing of it in this API.'),
  clientsLack([messages], ['log-probabilities, asked for'], 'This API has no such field.'),
  partialTo([messages, converse], ['log-probabilities, asked for'], 'This API has no such field.'),
  clientsLack([gemini, ollama], ['the end user', 'metadata'], 'This API has no such field.'),
  clientsLack([messages], ['metadata'], 'This API has no such field.'),
  partialTo([gemini, ollama, converse], ['the end user'], 'This API has no such field.'),
  partialTo([messages, gemini, ollama], ['metadata'], 'This API has no such field.'),
  clientsLack([messages], ['the tier of service'], 'There is no word for it, but for the standard.'),
  clientsLack([ollama], ['the tier of service'], 'This API has no such field.'),
  partialTo([ollama], ['the tier of service'], 'This API has no such field.'),
  partialTo([messages], ['the tier of service'], 'There is no word for it, but for the standard.'),
]

export const requestLosses: Loss[] = [...requests, ...media, ...settings]
