/**
 * Every way a request can go wrong, in one table. `docs/errors.md` says the same in prose and a test compares the two.
 *
 * - `status`: the HTTP status a client sees while headers can still be sent.
 * - `kind`: the category that every dialect knows how to word in its own way.
 * - `retry`: whether the same request may succeed when it is sent again.
 * - `means`: one plain sentence, for the page and for people.
 */
export const errorCodes = {
  invalid_json: { status: 400, kind: 'invalid_request', retry: false, means: 'The body is not JSON.' },
  invalid_request: {
    status: 400,
    kind: 'invalid_request',
    retry: false,
    means: 'A field is missing or has the wrong shape.',
  },
  unsupported: {
    status: 400,
    kind: 'invalid_request',
    retry: false,
    means: 'The request asks for something that the chosen provider cannot do.',
  },
  invalid_key: { status: 401, kind: 'auth', retry: false, means: 'The client key is missing or not known to sluice.' },
  origin_refused: {
    status: 403,
    kind: 'permission',
    retry: false,
    means: 'Without client keys sluice answers loopback callers only, and the Origin or Host was another.',
  },
  operator_only: {
    status: 403,
    kind: 'permission',
    retry: false,
    means: 'Only operators may ask this, and no operator key was shown or none is set.',
  },
  unknown_route: { status: 404, kind: 'not_found', retry: false, means: 'No such path.' },
  unknown_model: {
    status: 404,
    kind: 'not_found',
    retry: false,
    means: 'No provider or alias answers to that model name.',
  },
  unknown_response: {
    status: 404,
    kind: 'not_found',
    retry: false,
    means: 'No response, or item of one, is stored under that id for this key.',
  },
  unknown_previous_response: {
    status: 400,
    kind: 'invalid_request',
    retry: false,
    means: 'The response to go on from, or one before it, is not stored.',
  },
  events_dropped: {
    status: 410,
    kind: 'not_found',
    retry: false,
    means: 'The events of the response are not kept any more, or not those that were asked for.',
  },
  background_full: {
    status: 429,
    kind: 'rate_limit',
    retry: true,
    means: 'As many responses are running in the background as may.',
  },
  too_many_requests: {
    status: 429,
    kind: 'rate_limit',
    retry: true,
    means: 'As many requests of this client key are being answered as may.',
  },
  overloaded: {
    status: 503,
    kind: 'overloaded',
    retry: true,
    means: 'As many requests are being answered as may, and no more may wait.',
  },
  wrong_method: { status: 405, kind: 'invalid_request', retry: false, means: 'The path exists, with another method.' },
  body_timeout: { status: 408, kind: 'timeout', retry: true, means: 'The request body did not arrive in time.' },
  body_too_large: { status: 413, kind: 'too_large', retry: false, means: 'The request body is over the limit.' },
  client_closed: {
    status: 499,
    kind: 'aborted',
    retry: false,
    means: 'The client went away before the answer was complete.',
  },
  internal: { status: 500, kind: 'server', retry: true, means: 'A fault in sluice itself.' },
  draining: {
    status: 503,
    kind: 'overloaded',
    retry: true,
    means: 'sluice is shutting down and takes no new requests.',
  },
  config_invalid: { status: 500, kind: 'server', retry: false, means: 'The configuration cannot be used.' },

  upstream_invalid_request: {
    status: 400,
    kind: 'invalid_request',
    retry: false,
    means: 'The provider refused the request.',
  },
  upstream_context_length: {
    status: 400,
    kind: 'context_length',
    retry: false,
    means: 'The prompt does not fit into the context of the model.',
  },
  upstream_content_policy: {
    status: 400,
    kind: 'content_policy',
    retry: false,
    means: 'The provider refused the content by its policy.',
  },
  upstream_auth: {
    status: 502,
    kind: 'bad_gateway',
    retry: false,
    means: "The provider refused sluice's own key. The client's key is fine, hence not a 401.",
  },
  upstream_client_auth: {
    status: 401,
    kind: 'auth',
    retry: false,
    means: 'The provider refused the caller\'s own key, which is passed on under `auth = "client"`.',
  },
  upstream_billing: {
    status: 402,
    kind: 'billing',
    retry: false,
    means: 'The account at the provider has no credit left.',
  },
  upstream_permission: {
    status: 403,
    kind: 'permission',
    retry: false,
    means: 'The provider does not allow this to the caller\'s own key, under `auth = "client"`.',
  },
  upstream_not_found: { status: 404, kind: 'not_found', retry: false, means: 'The provider does not know the model.' },
  upstream_too_large: {
    status: 413,
    kind: 'too_large',
    retry: false,
    means: 'The provider found the request too large.',
  },
  upstream_rate_limit: { status: 429, kind: 'rate_limit', retry: true, means: 'The provider asks to slow down.' },
  upstream_server: { status: 502, kind: 'server', retry: true, means: 'The provider failed.' },
  upstream_overloaded: { status: 503, kind: 'overloaded', retry: true, means: 'The provider is overloaded.' },
  upstream_timeout: { status: 504, kind: 'timeout', retry: true, means: 'The provider reported a timeout of its own.' },
  upstream_unreachable: {
    status: 502,
    kind: 'bad_gateway',
    retry: true,
    means: 'No connection to the provider, or it broke before an answer.',
  },
  upstream_protocol: {
    status: 502,
    kind: 'bad_gateway',
    retry: true,
    means: 'The provider sent something that its dialect does not allow.',
  },
  upstream_truncated: {
    status: 502,
    kind: 'bad_gateway',
    retry: true,
    means: 'The answer ended before its end marker, so it is not whole.',
  },
  not_supported: {
    status: 400,
    kind: 'invalid_request',
    retry: false,
    means: 'A stream was asked for in a way that the model cannot give it, and a simulated one was ruled out.',
  },
  detection_failed: {
    status: 502,
    kind: 'bad_gateway',
    retry: true,
    means: 'The provider refused to stream and refused to answer whole, so how to ask it is not known.',
  },
  stream_interrupted: {
    status: 502,
    kind: 'bad_gateway',
    retry: true,
    means: 'The stream of the provider broke off after its first content.',
  },
  fallback_failed: {
    status: 502,
    kind: 'bad_gateway',
    retry: false,
    means: 'A whole answer came in place of a stream, and no stream could be made of it.',
  },
  event_too_large: {
    status: 502,
    kind: 'bad_gateway',
    retry: false,
    means: 'One event of the stream is over the limit.',
  },
  connect_timeout: {
    status: 504,
    kind: 'timeout',
    retry: true,
    means: 'The provider could not be connected to in time.',
  },
  first_token_timeout: { status: 504, kind: 'timeout', retry: true, means: 'The provider sent no content in time.' },
  idle_timeout: { status: 504, kind: 'timeout', retry: true, means: 'The provider went silent.' },
  stall_timeout: {
    status: 504,
    kind: 'timeout',
    retry: true,
    means: 'The provider kept the line alive but sent nothing new for too long.',
  },
  too_slow: {
    status: 504,
    kind: 'timeout',
    retry: true,
    means: 'The provider answered more slowly than the configuration allows.',
  },
  total_timeout: { status: 504, kind: 'timeout', retry: true, means: 'The whole answer took too long.' },
  backpressure_timeout: {
    status: 504,
    kind: 'timeout',
    retry: true,
    means: 'The receiver took so little that there was no room for more in time.',
  },
  content_refused: {
    status: 400,
    kind: 'content_policy',
    retry: false,
    means: 'The answer held what a content filter of sluice refuses.',
  },
  unknown_token: {
    status: 502,
    kind: 'bad_gateway',
    retry: false,
    means: 'A token id is not in the vocabulary that it is decoded with.',
  },
  token_grammar: {
    status: 500,
    kind: 'server',
    retry: false,
    means: 'Tokens came in an order that the grammar does not allow (a fault in a decoder or transformer).',
  },
} as const satisfies Record<string, { status: number; kind: string; retry: boolean; means: string }>

export type ErrorCode = keyof typeof errorCodes

/** The category of an error, as every dialect words it. */
export type ErrorKind = (typeof errorCodes)[ErrorCode]['kind']
