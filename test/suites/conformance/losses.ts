import { hostedLosses, mediaLosses } from './hosted-losses.ts'
import type { Loss } from './loss.ts'
import { replyLosses } from './reply-losses.ts'
import { requestLosses } from './request-losses.ts'

export const losses: Loss[] = [...requestLosses, ...hostedLosses, ...replyLosses, ...mediaLosses]
