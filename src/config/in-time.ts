/**
 * What `work` comes to, if it comes in time. Nothing can end code that waits for something that never comes: it is left to
 * itself, and what still comes of it is of no interest.
 *
 * @throws Error that says so, after `loadingMs`
 */
export async function inTime<T>(work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    // It also holds the process, which would otherwise end without a word when nothing else is going on in it.
    timer = setTimeout(() => {
      reject(new Error(`it is not ready after ${loadingMs / 1000} s: something that it awaits never comes`))
    }, loadingMs)
  })
  try {
    return await Promise.race([work(), late])
  } finally {
    clearTimeout(timer)
  }
}

/** How long code may take to load, and what it exports to be made. */
export const loadingMs = 10_000
