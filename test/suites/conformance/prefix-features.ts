import type { Message } from '../../../src/tokens/index.ts'
import { assistant, call, clock, result, user, weather } from './conversation.ts'
import type { PrefixFeature } from './feature.ts'

const prefix = (name: string, turns: Message[][], more: PrefixFeature['request'] = {}): PrefixFeature => ({
  leg: 'prefix',
  group: 'Around the conversation',
  name,
  request: { messages: [], system: [{ type: 'text', text: 'Be brief.' }], ...more },
  turns,
})

/** Each begins with a question and ends with one, as all requests do. */
export const prefixFeatures: PrefixFeature[] = [
  prefix('a conversation that grows is sent as it was before, to the byte', [
    [user('one')],
    [assistant('two'), user('three')],
    [assistant('four'), user('five')],
  ]),
  prefix(
    'so is a tool loop that grows',
    [
      [user('Weather?')],
      [
        {
          role: 'assistant',
          parts: [{ type: 'text', text: 'I look.' }, call('call_1', 'weather', '{"city": "Bonn", "n": 1.0}')],
        },
        { role: 'tool', parts: [result('call_1', 'rain')] },
      ],
      [
        { role: 'assistant', parts: [call('call_2', 'weather', '{"city":"Köln"}'), call('call_3', 'clock', '{}')] },
        { role: 'tool', parts: [result('call_2', 'sun'), result('call_3', 'noon')] },
      ],
      [assistant('Rain and sun.'), user('Thanks.')],
    ],
    { tools: [weather, clock] },
  ),
  prefix('so is one with images', [
    [
      {
        role: 'user',
        parts: [
          { type: 'text', text: 'What is it?' },
          { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'iVBORw0KGgo=' } },
        ],
      },
    ],
    [assistant('A dot.'), user('Sure?')],
  ]),
]
