import type { Asked, Dialect, StreamFraming, Warning } from '../../dialects/index.ts'
import type { SluiceError } from '../../errors/index.ts'
import type { Answer } from '../answer.ts'
import type { ClientProfile } from '../client-profile.ts'
import type { House } from '../house.ts'
import type { ResponseRecorder } from '../responses/response-recorder.ts'

/** What a delivery tells whoever asks for the answer. */
export interface DeliveryEvents {
  /** The first content is on its way to the client. */
  onContent: () => void
  /** Something of the answer is on its way to the client: nobody else can begin anew. */
  onSeen: () => void
  /** An error of which the client has seen nothing. */
  onFailure: (error: SluiceError) => void
  /** So much waits on its way that the provider has to wait, too; or it goes on. */
  onFull: (full: boolean) => void
  /** A stream has broken after its content. True: somebody else goes on with it. */
  onInterrupted: (error: SluiceError) => boolean
}

/** What a delivery is given, and what it tells the request that it belongs to. */
export interface DeliveryOptions {
  house: House
  client: Dialect
  asked: Asked
  profile: ClientProfile
  framing: StreamFraming
  /** That of the request. */
  id: string
  startedAt: number
  answer: Answer
  /** Whose the request is: asked for only where there is state that belongs to somebody, since it costs a hash. */
  owner: () => string
  /** Keeps the answer, if anything does. */
  recorder: () => ResponseRecorder | undefined
  /** Something in the answer that the client's dialect cannot say. */
  onLoss: (warning: Warning) => void
  /** A stream that outlasted its upstream call has ended. */
  onOver: () => void
  /** The answer is over before its provider has come to an end, and nobody reads what it still sends. */
  onCut: () => void
}
