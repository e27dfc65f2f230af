export type SystemError = Error & { code?: string }

/** Why a connection failed, in words for people. */
export function reason(error: SystemError): string {
  // An AggregateError (several addresses tried) has an empty message and the causes inside.
  const inner = error instanceof AggregateError ? (error.errors[0] as SystemError | undefined) : undefined
  const { code, message } = inner ?? error
  // The messages of the system name addresses; they stay in the cause, which the log tells.
  const words = code === undefined ? undefined : systemWords[code]
  return words ? `${words} (${code})` : message || code || 'the connection failed'
}

export function brokenBody(where: string, error: Error): string {
  return `cannot read the answer of ${where}: its compressed body is damaged (${error.message})`
}

const extraAuthorities = 'name the file of its authority in NODE_EXTRA_CA_CERTS if you trust it'

const systemWords: Record<string, string> = {
  ECONNREFUSED: 'nothing listens at its address',
  ECONNRESET: 'it closed the connection',
  EOF: 'it closed the connection',
  EPIPE: 'it closed the connection',
  UND_ERR_SOCKET: 'it closed the connection',
  ENOTFOUND: 'the name in its address does not exist',
  EAI_AGAIN: 'the name in its address cannot be looked up now',
  EHOSTUNREACH: 'there is no way to its address',
  ENETUNREACH: 'there is no way to its address',
  ETIMEDOUT: 'its address does not answer',
  DEPTH_ZERO_SELF_SIGNED_CERT: `its certificate is signed by itself; ${extraAuthorities}`,
  SELF_SIGNED_CERT_IN_CHAIN: `the authority of its certificate is not known here; ${extraAuthorities}`,
  UNABLE_TO_GET_ISSUER_CERT: `the authority of its certificate is not known here; ${extraAuthorities}`,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: `the authority of its certificate is not known here; ${extraAuthorities}`,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: `the authority of its certificate is not known here; ${extraAuthorities}`,
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet; is the clock of this machine right?',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS; an http address, perhaps?',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS; an http address, perhaps?',
}
