/**
 * What a script comes down to, in the order it is played. Events are counted by the faults; comments and raw text are
 * not, for they are no part of the answer.
 */
export type Item =
  | { kind: 'event'; event?: string; data: string; end?: boolean }
  | { kind: 'comment'; text: string }
  | { kind: 'raw'; text: string }
  /** A pause that the script asks for: what was collected for one write goes out before it. */
  | { kind: 'wait'; ms: number }
  /** The pause between two deltas. */
  | { kind: 'pace'; ms: number }

export const pace = (ms: number): Item => ({ kind: 'pace', ms })
