/** What a glob means, said as plainly as possible and with no regard to time: the reference that the matcher is compared with. */
export function naiveGlob(glob: string, path: string): boolean {
  return withoutBraces(glob).some(plain => segmentsMatch(plain.split('/'), path.split('/')))
}

/** All ways to write the first braces out, and then the next ones. */
function withoutBraces(glob: string): string[] {
  const open = /(?<!\\)\{/.exec(glob)?.index
  if (open === undefined) return [glob]
  const parts: string[] = ['']
  let depth = 1
  let at = open + 1
  for (; depth > 0; at += 1) {
    const character = glob[at] as string
    if (character === '{') depth += 1
    if (character === '}') depth -= 1
    if (depth === 1 && character === ',') parts.push('')
    else if (depth > 0) parts.push(`${parts.pop() as string}${character}`)
  }
  return parts.flatMap(part => withoutBraces(glob.slice(0, open) + part + glob.slice(at)))
}

function segmentsMatch([glob, ...globs]: string[], segments: string[]): boolean {
  if (glob === undefined) return segments.length === 0
  const [segment, ...rest] = segments
  if (glob === '**') return segmentsMatch(globs, segments) || (segment !== undefined && segmentsMatch([glob, ...globs], rest))
  return segment !== undefined && textMatches(Array.from(glob), Array.from(segment)) && segmentsMatch(globs, rest)
}

function textMatches([sign, ...signs]: string[], text: string[]): boolean {
  if (sign === undefined) return text.length === 0
  const [character, ...rest] = text
  if (sign === '*') return textMatches(signs, text) || (character !== undefined && textMatches(['*', ...signs], rest))
  if (character === undefined) return false
  if (sign === '?') return textMatches(signs, rest)
  if (sign === '\\') return signs[0] === character && textMatches(signs.slice(1), rest)
  if (sign !== '[') return sign === character && textMatches(signs, rest)
  const end = signs.indexOf(']')
  return classHas(signs.slice(0, end), character) && textMatches(signs.slice(end + 1), rest)
}

function classHas([first, ...others]: string[], character: string): boolean {
  if (first === '!') return !classHas(others, character)
  const members = [first, ...others]
  return members[1] === '-' ? (members[0] as string) <= character && character <= (members[2] as string) : members.includes(character)
}
