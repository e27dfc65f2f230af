import type { Agent } from './agent.ts'
import { claude } from './claude.ts'
import { codex } from './codex.ts'
import { gemini } from './gemini.ts'
import { opencode } from './opencode.ts'

export type { Agent, AgentSettings, Pointing } from './agent.ts'

/** The agents that `sluice run` knows. */
export const agents: readonly Agent[] = [claude, codex, gemini, opencode]
