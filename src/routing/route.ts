import type { Explanation } from './explanation.ts'
import type { LiveFacts, RequestFacts } from './facts.ts'
import { type Ranked, rank } from './rank.ts'
import { resolveName, unknownModel } from './resolve.ts'
import type { Resolved } from './resolved.ts'
import { type Selected, type Selection, select } from './select.ts'
import type { RoutingTable } from './table.ts'
import type { Route } from './target.ts'
import { defaultOfKey, type Wanted, wantedName } from './wanted.ts'

export interface Routing {
  /** Whom to ask, in order. Never empty, and no target twice. */
  readonly routes: readonly Route[]
  /** The name from `[[models]]` that led there, if one did. */
  readonly alias: string | undefined
  /** A tag in the prompt has named the model. */
  readonly tagged: boolean
  /** For the log: what in the configuration or its code did not work. */
  readonly warnings: readonly string[]
  /** Made when it is asked for. */
  readonly explanation: Explanation
}

/**
 * Where a request goes: resolve, select, rank. A request that names a target by itself, and for which there are no rules,
 * costs a look into a map or two; its body is not looked into.
 *
 * @param defaultTag what clients append to a name that has no tag; without it is tried first
 * @throws SluiceError `unknown_model`, naming what comes near
 */
export function route(facts: RequestFacts, table: RoutingTable, live: LiveFacts, defaultTag?: string): Routing {
  const said = wantedName(facts)
  const known = meaning(said.name, table, defaultTag)
  const wanted = known || said.by !== 'model' ? said : (defaultOfKey(facts, table) ?? said)
  const meant = wanted === said ? known : meaning(wanted.name, table, defaultTag)
  // A name in a tag or a header is meant for this very request.
  const deliberate = wanted.by === 'tag' || wanted.by === 'header'
  const { selected, warnings } = deliberate ? untouched : select(facts, table, meant)
  const resolved = selected?.resolved ?? meant
  if (!resolved) throw unknownModel(wanted.name, table)
  return new Decision({ wanted, meant, selected, ranked: rank(resolved, facts, live), warnings })
}

const untouched: Selection = { warnings: [] }

/** A tag that only says "none of the others" is no part of a name, unless there is just that name. */
function meaning(name: string, table: RoutingTable, defaultTag: string | undefined): Resolved | undefined {
  if (defaultTag === undefined || !name.endsWith(defaultTag)) return resolveName(name, table)
  return resolveName(name.slice(0, -defaultTag.length), table) ?? resolveName(name, table)
}

interface Phases {
  wanted: Wanted
  meant: Resolved | undefined
  selected: Selected | undefined
  ranked: Ranked
  warnings: readonly string[]
}

class Decision implements Routing {
  readonly #phases: Phases
  readonly routes: readonly Route[]
  readonly alias: string | undefined
  readonly tagged: boolean
  readonly warnings: readonly string[]

  constructor(phases: Phases) {
    this.tagged = phases.wanted.by === 'tag'
    this.alias = (phases.selected?.resolved ?? phases.meant)?.alias
    this.#phases = phases
    this.routes = phases.ranked.routes
    this.warnings = phases.warnings
  }

  /** Names only: a provider holds keys, which are nobody's business. */
  get explanation(): Explanation {
    const { wanted, meant, selected, ranked } = this.#phases
    return {
      wanted,
      ...(meant && {
        meant: {
          by: meant.by,
          ...(meant.alias !== undefined && { alias: meant.alias }),
          targets: meant.candidates.map((candidate) => targetName(candidate.route)),
        },
      }),
      ...(selected && {
        selected: {
          by: selected.by,
          ...(selected.rule !== undefined && { rule: selected.rule }),
          ...(selected.called !== undefined && { called: selected.called }),
          to: selected.resolved.name,
          because: selected.because,
        },
      }),
      strategy: ranked.strategy,
      targets: ranked.targets.map(({ route, because, dropped }) => ({
        target: targetName(route),
        because,
        ...(dropped && { dropped }),
      })),
    }
  }
}

function targetName({ provider, model }: Route): string {
  return `${provider.name}/${model}`
}
