import type { ClientDialectName } from '../../../src/dialects/index.ts'
import type { ErrorCode } from '../../../src/errors/index.ts'
import type { Fault, Script } from '../../../src/providers/scripted/index.ts'
import type { Phase, Place } from './phases.ts'

/** A fault, and what a client has to hear of it. */
export interface Row {
  /** As the page tells it. */
  name: string
  /** In which phases it can happen; in each of them it does. */
  phases: readonly Phase[]
  script: (place: Place, phase: Phase) => Partial<Script>
  /** Before any content, without anybody else to ask. */
  alone: { status: number; code: ErrorCode }
  /** Behind the first content. Default: that the stream was interrupted. */
  midst?: ErrorCode
  /** Before the head, the same target is asked once more. */
  again?: true
  /** Nothing is lost by it, where the answer was complete. */
  harmless?: true
  /** In these languages it takes the finish away. */
  unfinishes?: readonly ClientDialectName[]
  /** Whose answer is over with its finish, so that this is not looked at behind it. */
  unseenBy?: readonly ClientDialectName[]
  /** It tears an event, where there is one. */
  tears?: true
  /** Time has to pass until it is seen. */
  silent?: true
  /** In which way a phase differs from the rest. */
  except?: Partial<Record<Phase, Partial<Pick<Row, 'alone' | 'harmless' | 'silent'> & { final: true }>>>
}

const fault = (make: (place: Place, phase: Phase) => Fault, more: Partial<Script> = {}): Row['script'] => {
  return (place, phase) => ({ fault: make(place, phase), ...more })
}

const refused = (status: number, more: object = {}): Row['script'] => fault(() => ({ status, ...more }))
const atHead = ['head', 'whole'] as const
const anywhere = ['empty', 'start', 'reasoning', 'text', 'tool', 'finish', 'whole', 'simulated'] as const
const unreachable = { status: 502, code: 'upstream_unreachable' } as const
const truncated = { status: 502, code: 'upstream_truncated' } as const
const protocol = { status: 502, code: 'upstream_protocol' } as const
const late = { status: 504, code: 'total_timeout' } as const
/** What came in place of a stream and cannot be read may have been paid for: nobody else is asked. */
const unreadable = { alone: { status: 502, code: 'fallback_failed' }, final: true } as const

export const rows: readonly Row[] = [
  {
    name: 'refuses the request (400)',
    phases: atHead,
    script: refused(400),
    alone: { status: 400, code: 'upstream_invalid_request' },
  },
  {
    name: 'refuses the key (401)',
    phases: atHead,
    script: refused(401),
    alone: { status: 502, code: 'upstream_auth' },
  },
  {
    name: 'has no credit (402)',
    phases: atHead,
    script: refused(402),
    alone: { status: 402, code: 'upstream_billing' },
  },
  { name: 'forbids it (403)', phases: atHead, script: refused(403), alone: { status: 502, code: 'upstream_auth' } },
  {
    name: 'does not know the model (404)',
    phases: atHead,
    script: refused(404),
    alone: { status: 404, code: 'upstream_not_found' },
  },
  {
    name: 'finds the request too large (413)',
    phases: atHead,
    script: refused(413),
    alone: { status: 413, code: 'upstream_too_large' },
  },
  {
    name: 'asks to slow down (429)',
    phases: atHead,
    script: refused(429),
    alone: { status: 429, code: 'upstream_rate_limit' },
    again: true,
  },
  {
    name: 'asks for a minute (429, `retry-after: 60`)',
    phases: atHead,
    script: refused(429, { retryAfter: '60s' }),
    alone: { status: 429, code: 'upstream_rate_limit' },
  },
  {
    name: 'fails (500)',
    phases: atHead,
    script: refused(500),
    alone: { status: 500, code: 'upstream_server' },
    again: true,
  },
  {
    name: 'answers with the page of a proxy (502)',
    phases: atHead,
    script: refused(502, { body: '<html><body>Bad Gateway</body></html>' }),
    alone: { status: 502, code: 'upstream_server' },
    again: true,
  },
  {
    name: 'is out of service (503)',
    phases: atHead,
    script: refused(503),
    alone: { status: 503, code: 'upstream_overloaded' },
    again: true,
  },
  {
    name: 'is overloaded (529)',
    phases: atHead,
    script: refused(529),
    alone: { status: 503, code: 'upstream_overloaded' },
    again: true,
  },
  {
    name: 'hangs up',
    phases: atHead,
    script: fault(() => ({ cutBeforeHead: true }), { headDelay: '1100ms' }),
    alone: unreachable,
    again: true,
  },
  { name: 'says nothing at all', phases: atHead, script: () => ({ headDelay: '60s' }), alone: late, silent: true },
  {
    name: 'says an error as its answer, under 200',
    phases: ['empty', 'whole', 'simulated'],
    script: fault(() => ({ errorBody: { type: 'server_error', message: 'It broke.' } })),
    alone: { status: 502, code: 'upstream_server' },
  },
  {
    name: 'says an error in its stream',
    phases: ['empty', 'start', 'reasoning', 'text', 'tool', 'finish'],
    script: fault(({ events }) => ({
      errorEvent: { type: 'overloaded_error', message: 'Overloaded' },
      afterEvents: events,
    })),
    alone: { status: 503, code: 'upstream_overloaded' },
    midst: 'upstream_overloaded',
    unseenBy: ['openai-responses', 'ollama'],
  },
  {
    name: 'breaks the connection',
    phases: anywhere,
    script: fault(({ events }) => ({ cutAfterEvents: events })),
    alone: truncated,
    harmless: true,
  },
  {
    name: 'breaks the connection inside an event',
    phases: anywhere,
    tears: true,
    script: fault(({ bytes }) => ({ cutAfterBytes: bytes })),
    alone: truncated,
    harmless: true,
  },
  {
    name: 'ends too early, as if all were well',
    phases: anywhere,
    script: fault(({ events }) => ({ endAfterEvents: events })),
    alone: truncated,
    harmless: true,
    except: { simulated: unreadable, whole: { alone: protocol } },
  },
  {
    name: 'goes silent',
    phases: anywhere,
    script: fault(({ events }) => ({ stallAfterEvents: events })),
    alone: late,
    midst: 'idle_timeout',
    harmless: true,
    silent: true,
  },
  {
    name: 'sends nothing but signs of life',
    phases: anywhere,
    script: fault(({ events }) => ({ stallAfterEvents: events, comments: '60ms' })),
    alone: late,
    midst: 'stall_timeout',
    harmless: true,
    silent: true,
  },
  {
    name: 'sends garbage',
    phases: anywhere,
    script: fault(({ events }) => ({ garbageAfterEvents: events })),
    alone: protocol,
    midst: 'upstream_protocol',
    unseenBy: ['openai-responses', 'ollama', 'gemini'],
    except: { simulated: unreadable },
  },
  {
    name: 'leaves out its end marker',
    phases: ['finish'],
    script: fault(() => ({ noEndMarker: true })),
    alone: truncated,
    harmless: true,
    unfinishes: ['openai-responses', 'ollama'],
  },
  {
    name: 'says its end marker twice',
    phases: ['finish'],
    script: fault(() => ({ duplicateEnd: true })),
    alone: truncated,
    harmless: true,
  },
  {
    name: 'goes on behind its end',
    phases: ['finish'],
    script: fault(() => ({ trailing: 'data: what is this\n\n' })),
    alone: truncated,
    harmless: true,
  },
]
