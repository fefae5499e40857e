/**
 * A value as YAML 1.2, in block style: strings are always in JSON's quotes, which YAML reads as they are. `item`: as one item of a sequence.
 */
export function yaml(value: Readonly<Record<string, unknown>>, item: boolean): string {
  const lines = mapping(value)
  return lines.map((line, index) => `${item ? (index === 0 ? '- ' : '  ') : ''}${line}\n`).join('')
}

function mapping(value: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(value).flatMap(([key, member]) => {
    const name = /^[A-Za-z][A-Za-z0-9_-]*$/.test(key) ? key : JSON.stringify(key)
    if (!isFilled(member)) return [`${name}: ${JSON.stringify(member)}`]
    return [`${name}:`, ...nested(member).map(line => `  ${line}`)]
  })
}

function nested(value: object): string[] {
  return Array.isArray(value) ? value.flatMap(item => sequenceItem(item)) : mapping(value as Record<string, unknown>)
}

function sequenceItem(item: unknown): string[] {
  return isFilled(item) ? nested(item).map((line, index) => `${index === 0 ? '- ' : '  '}${line}`) : [`- ${JSON.stringify(item)}`]
}

/** Objects and arrays with anything in them; empty ones are written as JSON. */
function isFilled(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0
}
