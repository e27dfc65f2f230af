/**
 * The other envelopes around events, beside server-sent ones: NDJSON, a JSON array, AWS's event stream. Bytes to
 * events in the shape of `sse`, and back. It knows nothing of what the events say. Public as `sluice/framing`; runs in
 * any JavaScript runtime.
 */
export {}
