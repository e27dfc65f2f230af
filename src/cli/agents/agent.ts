/** The gateway that an agent is pointed at, and what was asked for on the command line. */
export interface Pointing {
  /** Without a path: `http://127.0.0.1:4114`. */
  url: string
  /** A client key, or any word where none is needed. */
  key: string
  /** The model to work with; absent: as the agent is used to. */
  model: string | undefined
  /** The model for small work, as titles are. */
  smallModel: string | undefined
  /** What the gateway lists, for an agent that has to be told. */
  models: readonly string[]
  /** The environment that the agent would have had. */
  env: Readonly<Record<string, string | undefined>>
  /** An empty folder that only this user can read. It is gone when the agent has ended. */
  folder: string
}

/** What it takes to point an agent at a gateway. */
export interface AgentSettings {
  /** Over the environment that there is; `undefined` takes a variable away. */
  env: Record<string, string | undefined>
  /** Before the user's own arguments. */
  args: readonly string[]
}

/** A coding agent that can be run through a gateway without a change to any of its user's files. */
export interface Agent {
  /** Its executable, and the word behind `sluice run`. */
  name: string
  title: string
  /** What installs it. */
  install: string
  /** @throws CommandError when it was asked for something that this agent has not */
  settings(pointing: Pointing): AgentSettings
}
