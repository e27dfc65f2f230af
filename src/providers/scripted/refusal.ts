/** A 400 of a vendor, that a lenient server would not give. */
export interface Refusal {
  message: string
  param: string
}
