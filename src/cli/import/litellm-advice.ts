const parallel =
  'nothing here bounds what one deployment is asked at once; [limits] bounds all of them, and each client key'
const resting = 'targets that fail rest by themselves, for as long as they go on failing'
const limited =
  'nothing here counts what a client or a deployment may have in a minute; [limits] per_key bounds how much a client key asks at once'

/** What to do without settings of LiteLLM, whichever section they stand in. */
export const advice: Readonly<Record<string, string>> = {
  max_parallel_requests: parallel,
  default_max_parallel_requests: parallel,
  rpm_limit: limited,
  tpm_limit: limited,
  default_litellm_params: 'write what has to hold for all into [streaming], or into each of [[providers]]',
  allowed_fails: resting,
  allowed_fails_policy: resting,
  cooldown_time: resting,
  disable_cooldowns: resting,
  enable_pre_call_checks:
    'a prompt that one target refuses as too long goes to the next one; a rule of [[routing.rules]] with `models` and `input_tokens_over` sends it there at once',
  retry_policy: '[streaming] max_retries holds for all failures that may pass',
  stream_timeout: 'write first_token_timeout and idle_timeout under [streaming]',
}

/** What `rpm` and `tpm` come to. */
export const rates =
  'rpm and tpm limit nothing here, they only say how much of the requests each deployment gets: the provider counts them, and its 429 lets the key rest and asks the next target; so give each of these models a second target, and bound clients with [limits] per_key'
