import { clientsLack, type Loss, partialTo, responses } from './loss.ts'
import { replyLosses } from './reply-losses.ts'
import { requestLosses } from './request-losses.ts'

/** What should not be so, and is not meant to stay. */
const faults: Loss[] = [
  {
    ...clientsLack([responses], ['marks behind which the prompt is cached'], '`prompt_cache_breakpoint` is not read.'),
    fault: true,
  },
  partialTo([responses], ['marks behind which the prompt is cached'], '`prompt_cache_breakpoint` is not written.', {
    fault: true,
  }),
]

export const losses: Loss[] = [...requestLosses, ...replyLosses, ...faults]
