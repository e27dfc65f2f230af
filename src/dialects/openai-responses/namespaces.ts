import { isJsonObject, type Json, type JsonObject } from '../../tokens/index.ts'
import { hash } from '../call-id.ts'
import { filled } from '../lenient.ts'

/** Where a tool stands that other APIs know under one flat name. */
export interface Place {
  namespace: string
  name: string
}

/**
 * The flat names of the tools inside namespaces, which only this API has. The same tools give the same names, so that
 * turns which know nothing of each other agree.
 */
export function flatNames(tools: Json | undefined): Map<string, Place> {
  const list = Array.isArray(tools) ? tools.filter(isJsonObject) : []
  const taken = new Set(list.flatMap((tool) => filled(tool.name) ?? []))
  const names = new Map<string, Place>()
  for (const space of list) {
    const namespace = filled(space.name)
    if (space.type !== 'namespace' || namespace === undefined) continue
    for (const tool of inside(space)) {
      const name = filled(tool.name)
      if (name === undefined) continue
      let flat = joined(namespace, name)
      if (taken.has(flat)) flat = `${flat}_${hash(`${namespace} ${name}`).slice(0, 8)}`
      taken.add(flat)
      names.set(flat, { namespace, name })
    }
  }
  return names
}

/** The tools of a namespace. */
export function inside(space: JsonObject): JsonObject[] {
  return Array.isArray(space.tools) ? space.tools.filter(isJsonObject) : []
}

/** The flat name of a tool; one that is offered no more gets the name that it would have had. */
export function flatName(names: ReadonlyMap<string, Place>, name: string, namespace: string | undefined): string {
  if (namespace === undefined) return name
  for (const [flat, place] of names) if (place.namespace === namespace && place.name === name) return flat
  return joined(namespace, name)
}

function joined(namespace: string, name: string): string {
  return namespace.endsWith('__') ? namespace + name : `${namespace}__${name}`
}
