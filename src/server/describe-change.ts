import type { ConfigChange } from '../config/index.ts'

/** What has changed, in a line for people; undefined: nothing. Names only. */
export function describeChange({ providers, models, settings }: ConfigChange): string | undefined {
  const parts = [...listed('provider', providers), ...listed('model', models)]
  if (settings.length > 0) parts.push(`changed ${short(settings)}`)
  return parts.length === 0 ? undefined : parts.join('; ')
}

function listed(noun: string, change: ConfigChange['providers']): string[] {
  return (['added', 'removed', 'changed'] as const).flatMap((what) => {
    const names = change[what]
    return names.length === 0 ? [] : [`${what} ${names.length === 1 ? noun : `${noun}s`} ${short(names)}`]
  })
}

/** A line stays a line, however many there are. */
function short(names: readonly string[]): string {
  const shown = names.slice(0, most).map((name) => name.slice(0, 60).replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, ' '))
  return names.length > most ? `${shown.join(', ')} and ${names.length - most} more` : shown.join(', ')
}

const most = 20
