/** A 400 of a vendor, that a lenient server would not give. */
export interface Refusal {
  /** Default 400. */
  status?: number
  message: string
  param: string
}
