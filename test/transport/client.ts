import { type TransportClient, transportClients } from '../../src/transport/index.ts'

/** Whose calls are tested. The run of vitest decides, so that the same tests hold for every client. */
export const testedClient: TransportClient = readClient(process.env.SLUICE_TEST_TRANSPORT)

function readClient(name = 'http1'): TransportClient {
  const client = transportClients.find((one) => one === name)
  if (!client) throw new Error(`cannot test the transport "${name}": there are ${transportClients.join(', ')}`)
  return client
}
