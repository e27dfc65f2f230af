import type { Script } from './script.ts'

const story =
  'Water finds its way. A sluice only decides when, how much, and where to: it opens, the stream runs, and nothing of it is lost.'

/** The scripts that are always there, by the name that a model or a prompt calls them by. */
export const builtinScripts: Record<string, Script> = {
  text: { steps: [{ text: story }] },
  tools: {
    turns: [
      { steps: [{ text: 'Let me look.' }, { tool: 'get_weather', arguments: { city: 'Paris', unit: 'celsius' } }] },
      { steps: [{ text: 'The tool says: {{tool_result}}' }] },
    ],
  },
  'parallel-tools': {
    turns: [
      {
        steps: [
          {
            parallel: [
              { tool: 'get_weather', arguments: { city: 'Paris' } },
              { tool: 'get_weather', arguments: { city: 'Zürich' } },
              { tool: 'get_time', arguments: { zone: 'Europe/Paris' } },
            ],
          },
        ],
      },
      { steps: [{ text: 'The tools say: {{tool_result}}' }] },
    ],
  },
  'no-arguments': {
    turns: [{ steps: [{ tool: 'get_time', arguments: '' }] }, { steps: [{ text: 'It is {{tool_result}}.' }] }],
  },
  'broken-arguments': { steps: [{ tool: 'get_weather', arguments: '{"city": "Par' }], finish: 'length' },
  reasoning: {
    steps: [
      { reasoning: 'Two and two: count two, then two more.', signature: 'c2NyaXB0ZWQtc2lnbmF0dXJl' },
      { text: 'Two and two is four.' },
    ],
  },
  redacted: {
    steps: [{ redacted: 'c2NyaXB0ZWQtcmVkYWN0ZWQ=' }, { text: 'I thought about it, but may not say what.' }],
  },
  refusal: { steps: [{ refusal: 'I cannot help with that.' }] },
  hosted: {
    steps: [
      { text: 'Let me search.' },
      {
        hosted: [
          { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'sluice' } },
          {
            type: 'web_search_tool_result',
            tool_use_id: 'srvtoolu_1',
            content: [
              {
                type: 'web_search_result',
                url: 'https://example.com/sluice',
                title: 'Sluice',
                encrypted_content: 'c2NyaXB0ZWQ=',
                page_age: null,
              },
            ],
          },
        ],
      },
      { text: 'A sluice is a gate for water.' },
    ],
  },
  long: { steps: [{ repeat: 2000, text: ' word' }] },
  slow: { headDelay: '500ms', steps: [{ text: story, pace: '200ms' }] },
  unicode: { steps: [{ text: 'Grüße, 世界! 👩‍👩‍👧‍👦 \u{1d518} e\u0301 \u2028 \u2029 "\\" \t \u0000 ok', chunk: 1 }] },
  length: { steps: [{ text: 'This answer ends in the middle of a' }], finish: 'length' },
  'stop-sequence': { steps: [{ text: 'One, two, three' }], finish: 'stop_sequence', stopSequence: 'four' },
  'content-filter': { steps: [{ text: 'This goes on until' }], finish: 'content_filter' },
  paused: { steps: [{ text: 'To be continued.' }], finish: 'paused' },
  'image-echo': { steps: [{ text: 'I see {{images}}.' }] },
  echo: { steps: [{ text: '{{prompt}}' }] },
  empty: { steps: [] },
  'no-usage': { steps: [{ text: story }], usage: false },
  cached: { steps: [{ text: story }], usage: { input: 1200, cacheRead: 1000, cacheWrite: 100, output: 30 } },
  'error-400': { fault: { status: 400 } },
  'error-401': { fault: { status: 401 } },
  'error-404': { fault: { status: 404 } },
  'error-429': { fault: { status: 429, retryAfter: '1s' } },
  'error-500': { fault: { status: 500 } },
  'error-503': { fault: { status: 503 } },
  'error-529': { fault: { status: 529, type: 'overloaded_error', message: 'Overloaded' } },
  'error-first': { steps: [{ text: story }], fault: { errorEvent: {} } },
  'error-event': { steps: [{ text: story }], fault: { errorEvent: {}, afterEvents: 8 } },
  flaky: { steps: [{ text: story }], fault: { status: 503, times: 1 } },
  cut: { steps: [{ text: story }], fault: { cutAfterEvents: 8 } },
  'cut-first': { steps: [{ text: story }], fault: { cutBeforeHead: true } },
  truncated: { steps: [{ text: story }], fault: { endAfterEvents: 8 } },
  stall: { steps: [{ text: story }], fault: { stallAfterEvents: 8 } },
  'stall-alive': { steps: [{ text: story }], fault: { stallAfterEvents: 8, comments: '1s' } },
  garbage: { steps: [{ text: story }], fault: { garbageAfterEvents: 8 } },
  'no-end': { steps: [{ text: story }], fault: { noEndMarker: true } },
  'no-finish': { steps: [{ text: story }], finish: false },
  'two-ends': { steps: [{ text: story }], fault: { duplicateEnd: true } },
  trailing: { steps: [{ text: story }], fault: { trailing: 'data: what is this\n\n' } },
  torn: { steps: [{ text: 'Grüße, 世界! 👩‍👩‍👧‍👦' }], wire: { write: 3 } },
  crlf: { steps: [{ text: story }], wire: { lineEnd: 'crlf' } },
  heartbeats: { steps: [{ text: story }], wire: { comments: 3, pings: 4 } },
  huge: { steps: [{ text: story }], wire: { huge: 1_000_000 } },
  'no-stream': { steps: [{ text: story }], streaming: 'refuses' },
  'no-tool-stream': { steps: [{ text: story }], streaming: { habit: 'refuses', when: 'tools' } },
  'no-stream-options': { steps: [{ text: story }], streaming: 'refuses-options' },
  'no-prefill': { steps: [{ text: story }], streaming: 'refuses-prefill' },
  'ignores-stream': { steps: [{ text: story }], streaming: 'ignores' },
  'stream-only': { steps: [{ text: story }], streaming: 'streams-only' },
  'stream-always': { steps: [{ text: story }], streaming: 'streams-always' },
  buffered: { steps: [{ text: story, pace: '20ms' }], streaming: 'buffers' },
  'json-as-events': { steps: [{ text: story }], streaming: 'json-as-events' },
  'events-as-json': { steps: [{ text: story }], streaming: 'events-as-json' },
  changing: { steps: [{ text: story }], streaming: [{ habit: 'refuses', requests: 2 }, 'streams'] },
  'error-body': { fault: { errorBody: { message: 'Something went wrong.' } } },
}
