/** A model that is asked for in a prompt. */
export interface ModelTag {
  name: string
  /** The tag as it stands at the beginning of the text, with the line break behind it: what the model need not see. */
  written: string
}

/** A text without one of these has no tag, which is cheaper to find out than a decoded prompt. */
export const tagMarks = ['sluice-model', 'CCR-SUBAGENT-MODEL'] as const

const tag = /^\s*<(sluice-model|CCR-SUBAGENT-MODEL)>([^<>]{1,300})<\/\1>\r?\n?/

/**
 * The tag with which a text begins: `<sluice-model>name</sluice-model>`, or claude-code-router's
 * `<CCR-SUBAGENT-MODEL>provider,model</CCR-SUBAGENT-MODEL>`. Anywhere else it is text like any other: somebody may speak
 * of it.
 */
export function readModelTag(text: string): ModelTag | undefined {
  const found = tag.exec(text.slice(0, 1000))
  const name = found?.[2]?.trim()
  return found && name ? { name, written: found[0] } : undefined
}
