/**
 * A producer that is faster than its consumer, held back so that little is in memory and nothing is dropped: once by
 * awaiting room, once by being paused. Both share one budget.
 * Run: npx node --conditions=source examples/backpressure/main.ts
 */
import { BackpressureController, MemoryBudget } from 'sluice/pipeline'

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const budget = new MemoryBudget({ limit: 1024 * 1024 })

// A producer that can await: it asks for room before it sends.
const control = new BackpressureController({ budget, floor: 1000, ceiling: 8000 })
const queue: string[] = []
const received: string[] = []

async function produce(): Promise<void> {
  for (let i = 0; i < 200; i++) {
    const piece = `piece ${i} `.padEnd(100, '.')
    await control.acquire(piece.length, { timeoutMs: 5000 })
    queue.push(piece)
  }
}

async function consume(): Promise<void> {
  while (received.length < 200) {
    await pause(1)
    // Takes what is there, ten pieces at a time.
    for (const piece of queue.splice(0, 10)) {
      received.push(piece)
      control.removed(piece.length)
    }
  }
}

await Promise.all([produce(), consume()])
const { peak, pauses, capacity } = control.stats
console.log(`awaiting: ${received.length} of 200 pieces, ${peak} bytes at most in between`)
console.log(`the producer waited ${pauses} times; at the end it may be ${capacity} bytes ahead`)
control.close()

// A producer that can be paused: what it has sent is counted, and it is told when to wait.
let running = true
let sent = 0
const other = new BackpressureController({
  budget,
  floor: 1000,
  ceiling: 8000,
  onPause: () => {
    running = false
  },
  onResume: () => {
    running = true
  },
})
for (let taken = 0; taken < 20_000; ) {
  while (running && sent < 20_000) {
    sent += 100
    other.added(100)
  }
  await pause(1)
  const bite = Math.min(500, other.stats.queued)
  taken += bite
  other.removed(bite)
}
console.log(`paused: ${sent} bytes sent and taken, ${other.stats.peak} at most in between`)
other.close()
console.log(`given back to the budget: ${budget.used === 0 ? 'everything' : 'not all'}`)
