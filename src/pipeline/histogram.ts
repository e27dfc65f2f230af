/**
 * Values by size, in 256 buckets whose width is an eighth of the power of two that they lie in, and 1/1024 at least: so
 * far above it any quantile may be, up to 4 million. Smaller values, 0 and what is below it are one bucket. Made for
 * milliseconds: a microsecond to more than an hour.
 *
 * Recording is an increment in a typed array and allocates nothing. It holds 2 KB.
 */
export class Histogram {
  readonly #buckets = new Float64Array(bucketCount)
  #count = 0
  #sum = 0
  #min = Number.POSITIVE_INFINITY
  #max = 0

  get count(): number {
    return this.#count
  }

  record(value: number, times = 1): void {
    this.#buckets[bucketOf(value)]! += times
    this.#count += times
    this.#sum += value * times
    if (value < this.#min) this.#min = value
    if (value > this.#max) this.#max = value
  }

  /** The value below which the share `p` (0 to 1) of all values lies: the upper edge of its bucket; 0 without values. */
  quantile(p: number): number {
    const wanted = Math.max(1, Math.ceil(this.#count * p))
    let seen = 0
    for (let i = 0; i < bucketCount; i++) {
      seen += this.#buckets[i]!
      if (seen >= wanted) return Math.min(upperEdge(i), this.#max)
    }
    return 0
  }

  merge(other: Histogram): void {
    for (let i = 0; i < bucketCount; i++) this.#buckets[i]! += other.#buckets[i]!
    this.#count += other.#count
    this.#sum += other.#sum
    this.#min = Math.min(this.#min, other.#min)
    this.#max = Math.max(this.#max, other.#max)
  }

  /** What a person asks for. Undefined without values. */
  snapshot(): HistogramSnapshot | undefined {
    if (this.#count === 0) return undefined
    return {
      count: this.#count,
      mean: this.#sum / this.#count,
      min: this.#min,
      p50: this.quantile(0.5),
      p90: this.quantile(0.9),
      p99: this.quantile(0.99),
      max: this.#max,
    }
  }
}

export interface HistogramSnapshot {
  count: number
  mean: number
  min: number
  p50: number
  p90: number
  p99: number
  max: number
}

/** One for what is too small, eight for each power of two, and the last for all that is too large. */
const bucketCount = 257
const perUnit = 1024
const largest = 2 ** 32 - 1

function bucketOf(value: number): number {
  const units = value * perUnit
  if (!(units >= 1)) return 0
  const whole = units >= largest ? largest : Math.floor(units)
  const power = 31 - Math.clz32(whole)
  // The three bits behind the first.
  const eighth = power >= 3 ? (whole >>> (power - 3)) & 7 : (whole << (3 - power)) & 7
  return 1 + power * 8 + eighth
}

function upperEdge(bucket: number): number {
  if (bucket === 0) return 0
  const power = (bucket - 1) >> 3
  const eighth = (bucket - 1) & 7
  const lower = 2 ** power * (1 + eighth / 8)
  return (lower + Math.max(1, 2 ** power / 8)) / perUnit
}
