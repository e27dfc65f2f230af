/** What the standard says about a stream: its bytes, and the events as `type`, `data` and `id`. */
export interface StandardCase {
  name: string
  input: string | Uint8Array
  events: Array<{ event?: string; data: string; id?: string }>
  retry?: number
}

const bom = '\ufeff'
const a = [{ data: 'a' }]
const ab = [{ data: 'a' }, { data: 'b' }]

/** HTML standard, section 9.2.6, with the corners that servers and proxies have been seen to cut. */
export const standardCases: StandardCase[] = [
  { name: 'one space after the colon is taken off', input: 'data: a\n\n', events: a },
  { name: 'no space after the colon', input: 'data:a\n\n', events: a },
  { name: 'of two spaces one stays', input: 'data:  a\n\n', events: [{ data: ' a' }] },
  { name: 'a tab stays', input: 'data:\ta\n\n', events: [{ data: '\ta' }] },
  { name: 'data lines are joined', input: 'data: a\ndata: b\n\n', events: [{ data: 'a\nb' }] },
  { name: 'a field name alone is an empty value', input: 'data\n\n', events: [{ data: '' }] },
  { name: 'an empty value makes an event', input: 'data:\n\n', events: [{ data: '' }] },
  { name: 'two empty data lines', input: 'data\ndata\n\n', events: [{ data: '\n' }] },
  { name: 'an empty line between two data lines', input: 'data: a\ndata\ndata: b\n\n', events: [{ data: 'a\n\nb' }] },
  { name: 'CRLF', input: 'data: a\r\n\r\n', events: a },
  { name: 'CR', input: 'data: a\r\r', events: a },
  { name: 'LF then CRLF', input: 'data: a\n\r\n', events: a },
  { name: 'CRLF then LF', input: 'data: a\r\n\n', events: a },
  { name: 'LF then CR', input: 'data: a\n\r', events: a },
  { name: 'CRLF between data lines', input: 'data: a\r\ndata: b\n\n', events: [{ data: 'a\nb' }] },
  { name: 'events behind CRLF', input: 'data: a\r\n\r\ndata: b\r\n\r\n', events: ab },
  { name: 'events behind CR', input: 'data: a\r\rdata: b\r\r', events: ab },
  {
    name: 'all line ends in one stream',
    input: 'data: a\r\n\r\ndata: b\r\rdata: c\n\n',
    events: [...ab, { data: 'c' }],
  },
  { name: 'a byte order mark', input: `${bom}data: a\n\n`, events: a },
  { name: 'a byte order mark before an empty line', input: `${bom}\ndata: a\n\n`, events: a },
  { name: 'of two byte order marks one stays', input: `${bom}${bom}data: a\n\n`, events: [] },
  { name: 'a later byte order mark is text', input: `data: a\n\n${bom}data: b\n\n`, events: a },
  { name: 'a byte order mark in the data', input: `data: ${bom}a\n\n`, events: [{ data: `${bom}a` }] },
  { name: 'a comment inside an event', input: 'data: a\n: ping\ndata: b\n\n', events: [{ data: 'a\nb' }] },
  { name: 'an empty comment', input: ':\n\n', events: [] },
  { name: 'comments that say the stream lives', input: ': PROCESSING\n\n: keep-alive\n\ndata: a\n\n', events: a },
  { name: 'a comment that looks like data', input: ':data: x\n\ndata: a\n\n', events: a },
  { name: 'empty lines around', input: '\n\n\ndata: a\n\n\n\n', events: a },
  { name: 'a type before', input: 'event: x\ndata: a\n\n', events: [{ event: 'x', data: 'a' }] },
  { name: 'a type behind', input: 'data: a\nevent: x\n\n', events: [{ event: 'x', data: 'a' }] },
  { name: 'the last type counts', input: 'event: x\nevent: y\ndata: a\n\n', events: [{ event: 'y', data: 'a' }] },
  { name: 'a type without data is forgotten', input: 'event: x\n\ndata: a\n\n', events: a },
  { name: 'an empty type', input: 'event:\ndata: a\n\nevent: \ndata: b\n\n', events: ab },
  { name: 'an empty type takes back a type', input: 'event: x\nevent\ndata: a\n\n', events: a },
  {
    name: 'a type with several data lines',
    input: 'event: x\ndata: a\ndata: b\n\n',
    events: [{ event: 'x', data: 'a\nb' }],
  },
  { name: 'a type with a space in front', input: 'event:  x\ndata: a\n\n', events: [{ event: ' x', data: 'a' }] },
  {
    name: 'an id stays',
    input: 'id: 1\ndata: a\n\ndata: b\n\n',
    events: [
      { data: 'a', id: '1' },
      { data: 'b', id: '1' },
    ],
  },
  {
    name: 'an empty id takes it back',
    input: 'id: 1\ndata: a\n\nid\ndata: b\n\n',
    events: [{ data: 'a', id: '1' }, { data: 'b' }],
  },
  {
    name: 'an id with NUL is no id',
    input: 'id: 1\ndata: a\n\nid: x\0y\ndata: b\n\n',
    events: [
      { data: 'a', id: '1' },
      { data: 'b', id: '1' },
    ],
  },
  { name: 'an id without data', input: 'id: 7\n\ndata: a\n\n', events: [{ data: 'a', id: '7' }] },
  { name: 'a reconnection time', input: 'retry: 3000\n\n', events: [], retry: 3000 },
  { name: 'what is no reconnection time', input: 'retry: 3s\nretry: -1\nretry: 1.5\nretry:\nretry: ٣\n\n', events: [] },
  { name: 'names are exact', input: 'DATA: a\n\n data: a\n\ndata : a\n\ndata\u00a0: a\n\n', events: [] },
  { name: 'a colon in the value', input: 'data: a:b\n\n', events: [{ data: 'a:b' }] },
  { name: 'unknown fields and bare JSON', input: 'error: {"code":1}\n\n{"x":1}\n\n', events: [] },
  { name: 'a tail without its line end is dropped', input: 'data: a', events: [] },
  { name: 'a tail without its blank line is dropped', input: 'data: a\n', events: [] },
  { name: 'a tail behind CR is dropped', input: 'data: a\r', events: [] },
  { name: 'only the tail is dropped', input: 'data: a\n\ndata: b\n', events: a },
  { name: 'characters of several bytes', input: 'event: é\ndata: é😀流\n\n', events: [{ event: 'é', data: 'é😀流' }] },
  { name: 'what is not UTF-8', input: bytes('data: a', 0xff, 'b\n\n'), events: [{ data: 'a\ufffdb' }] },
  {
    name: 'a character cut off by the line end',
    input: bytes('data: a', 0xf0, 0x9f, '\n\ndata: b\n\n'),
    events: [{ data: 'a\ufffd' }, { data: 'b' }],
  },
  {
    name: 'line ends of Unicode are text',
    input: 'data: a\u2028b\u2029c\u0085d\u000be\u000cf\n\n',
    events: [{ data: 'a\u2028b\u2029c\u0085d\u000be\u000cf' }],
  },
]

export function bytes(...parts: Array<string | number>): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) => (typeof part === 'number' ? [part] : [...new TextEncoder().encode(part)])),
  )
}
