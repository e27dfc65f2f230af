/** The plainest pass-through that Node offers: node:http in front, undici's `request` behind, one piped to the other. */
import { createServer } from 'node:http'
import { Agent, request } from 'undici'

const [, , port, upstream] = process.argv
const dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0 })

const server = createServer((incoming, response) => {
  const pieces: Buffer[] = []
  const abort = new AbortController()
  response.on('close', () => {
    if (!response.writableFinished) abort.abort()
  })
  incoming.on('data', (piece: Buffer) => pieces.push(piece))
  incoming.on('end', async () => {
    const { host: _, connection: __, 'content-length': ___, ...headers } = incoming.headers
    try {
      const answer = await request(`${upstream}${incoming.url}`, {
        method: 'POST',
        headers,
        body: Buffer.concat(pieces),
        signal: abort.signal,
        dispatcher,
      })
      const { connection: ____, 'transfer-encoding': _____, 'keep-alive': ______, ...kept } = answer.headers
      response.writeHead(answer.statusCode, kept)
      answer.body.on('error', () => response.destroy())
      answer.body.pipe(response)
    } catch {
      if (!response.headersSent) response.writeHead(502)
      response.end()
    }
  })
})
server.listen(Number(port), '127.0.0.1', 8192)
