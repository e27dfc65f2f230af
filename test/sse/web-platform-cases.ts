import type { StandardCase } from './case-table.ts'
import { bytes } from './case-table.ts'

const long = 'x'.repeat(2048)

/**
 * What the web-platform-tests hold browsers to in the format of event streams: the same inputs and results, in words of
 * our own. Behind the name of each stands what it is called there. Where a body there ends by closing the connection,
 * it does so here too.
 */
export const webPlatformCases: StandardCase[] = [
  {
    name: 'a byte order mark counts at the start alone (format-bom)',
    input: bytes(0xef, 0xbb, 0xbf, 'data:1\n\n', 0xef, 0xbb, 0xbf, 'data:2\n\ndata:3\n\n'),
    events: [{ data: '1' }, { data: '3' }],
  },
  {
    name: 'a second byte order mark belongs to the name (format-bom-2)',
    input: bytes(0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf, 'data:1\n\ndata:2\n\ndata:3\n\n'),
    events: [{ data: '2' }, { data: '3' }],
  },
  {
    name: 'comments of every kind between data (format-comments)',
    input: `data:1\r:\0\n:\r\ndata:2\n:${long}\rdata:3\n:data:fail\r:${long}\ndata:4\n\n`,
    events: [{ data: '1\n2\n3\n4' }],
  },
  {
    name: 'what the last blank line does not close is no event (format-data-before-final-empty-line)',
    input: 'retry:1000\ndata:test1\n\nid:test\ndata:test2',
    events: [{ data: 'test1' }],
    retry: 1000,
  },
  {
    name: 'data with and without colon (format-field-data)',
    input: 'data:\n\ndata\ndata\n\ndata:test\n\n',
    events: [{ data: '' }, { data: '\n' }, { data: 'test' }],
  },
  {
    name: 'a type holds for one event (format-field-event)',
    input: 'event:test\ndata:x\n\ndata:x\n\n',
    events: [{ event: 'test', data: 'x' }, { data: 'x' }],
  },
  {
    name: 'an empty type is that of a message (format-field-event-empty)',
    input: 'event: \ndata:data\n\n',
    events: [{ data: 'data' }],
  },
  {
    name: 'an id beyond ASCII (format-field-id, format-field-id-2)',
    input: 'id: …\nretry: 200\ndata: hello\n\ndata: …\n\n',
    events: [
      { data: 'hello', id: '…' },
      { data: '…', id: '…' },
    ],
    retry: 200,
  },
  {
    name: 'an id stays (format-field-id-3, persists)',
    input: 'id: 1\ndata: 1\n\ndata:2\n\n',
    events: [
      { data: '1', id: '1' },
      { data: '2', id: '1' },
    ],
  },
  {
    name: 'another id takes its place and stays (format-field-id-3, changes)',
    input: 'id: 1\ndata: 1\n\nid: 2\ndata:2\n\ndata:3\n\n',
    events: [
      { data: '1', id: '1' },
      { data: '2', id: '2' },
      { data: '3', id: '2' },
    ],
  },
  {
    name: 'an empty id takes it away (format-field-id-3, resets with a colon)',
    input: 'id: 1\ndata: 1\n\nid:\ndata:2\n\ndata:3\n\n',
    events: [{ data: '1', id: '1' }, { data: '2' }, { data: '3' }],
  },
  {
    name: 'an empty id takes it away (format-field-id-3, resets without)',
    input: 'id: 1\ndata: 1\n\nid\ndata:2\n\ndata:3\n\n',
    events: [{ data: '1', id: '1' }, { data: '2' }, { data: '3' }],
  },
  ...['\0\0', 'x\0', '\0x', 'x\0x', ' \0'].map((id) => ({
    name: `no id with NUL (format-field-id-null, ${JSON.stringify(id)})`,
    input: `id: ${id}\nretry: 200\ndata: hello\n\n`,
    events: [{ data: 'hello' }],
    retry: 200,
  })),
  {
    name: 'names are exact (format-field-parsing)',
    input:
      'data:\0\ndata:  2\rData:1\ndata\0:2\ndata:1\r\0data:4\nda-ta:3\rdata_5\ndata:3\rdata:\r\n data:32\ndata:4\n\n',
    events: [{ data: '\0\n 2\n1\n3\n\n4' }],
  },
  {
    name: 'leading zeros of a reconnection time (format-field-retry)',
    input: 'retry:03000\ndata:x\n\n',
    events: [{ data: 'x' }],
    retry: 3000,
  },
  {
    name: 'letters behind a reconnection time (format-field-retry-bogus)',
    input: 'retry:3000\nretry:1000x\ndata:x\n\n',
    events: [{ data: 'x' }],
    retry: 3000,
  },
  {
    name: 'an empty reconnection time (format-field-retry-empty)',
    input: 'retry\ndata:test\n\n',
    events: [{ data: 'test' }],
  },
  {
    name: 'unknown fields (format-field-unknown)',
    input: 'data:test\n data\ndata\nfoobar:xxx\njustsometext\n:thisisacommentyay\ndata:test\n\n',
    events: [{ data: 'test\n\ntest' }],
  },
  {
    name: 'one leading space, and no other white space (format-leading-space)',
    input: 'data:\ttest\rdata: \ndata:test\n\n',
    events: [{ data: '\ttest\n\ntest' }],
  },
  {
    name: 'every line end (format-newlines)',
    input: 'data:test\r\ndata\ndata:test\r\n\r',
    events: [{ data: 'test\n\ntest' }],
  },
  { name: 'NUL is text (format-null-character)', input: 'data:\0\n\n\n\n', events: [{ data: '\0' }] },
  { name: 'always UTF-8 (format-utf-8)', input: bytes('data:ok', 0xe2, 0x80, 0xa6, '\n\n'), events: [{ data: 'ok…' }] },
  {
    name: 'bytes of another charset are malformed and not guessed (format-mime-*, format-utf-8)',
    input: bytes('data:ok', 0x85, '\n\n'),
    events: [{ data: 'ok\ufffd' }],
  },
  {
    name: 'data, comments and other fields in turns (event-data)',
    input: 'data:msg\ndata: msg\n\n:\nfalsefield:msg\n\nfalsefield:msg\nData:data\n\ndata\n\ndata:end\n\n',
    events: [{ data: 'msg\nmsg' }, { data: '' }, { data: 'end' }],
  },
  {
    name: 'types of their own (field-name-event)',
    input: 'event: test\ndata: data\n\n',
    events: [{ event: 'test', data: 'data' }],
  },
]
