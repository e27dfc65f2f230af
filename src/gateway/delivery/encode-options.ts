import type { EncodeOptions, Warning } from '../../dialects/index.ts'
import type { SluiceError } from '../../errors/index.ts'
import type { Plan } from '../plan.ts'
import type { DeliveryOptions } from './delivery-options.ts'

/** What the encoders of an answer have to know of its request. */
export function encodeOptions(
  planned: Plan | undefined,
  { id, asked, profile, house, startedAt, recorder }: DeliveryOptions,
  onWarning: (warning: Warning) => void,
  onBroken?: (error: SluiceError) => void,
): EncodeOptions {
  return {
    requestId: recorder()?.id ?? id,
    model: planned?.target.model ?? '',
    created: Math.floor(Date.now() / 1000),
    includeUsage: planned?.includeUsage ?? false,
    startedAt: Date.now() - (house.clock.now() - startedAt),
    onWarning,
    ...(onBroken && { onBroken }),
    ...(asked.form !== undefined && { form: asked.form }),
    ...(planned?.kept && { kept: planned.kept }),
    reasoningFields: profile.reasoningInChat,
    ...(planned?.inputEstimate !== undefined && { inputEstimate: planned.inputEstimate }),
  }
}
