const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g

/**
 * The column, from 1, of the member that a JSON pointer names in a line of valid JSON; that of the nearest member around it when it is missing.
 */
export function jsonColumn(text: string, pointer: string): number {
  const target = pointer
    .split('/')
    .slice(1)
    .map(segment => segment.replaceAll('~1', '/').replaceAll('~0', '~'))
  const path: (string | null)[] = []
  let column = 1
  let before: RegExpExecArray | null = null
  for (const token of text.matchAll(TOKEN)) {
    if (token[0] === '{' || token[0] === '[') path.push(null)
    else if (token[0] === '}' || token[0] === ']') path.pop()
    else if (token[0] === ':' && before !== null) {
      path[path.length - 1] = JSON.parse(before[0]) as string
      if (path.length <= target.length && path.every((name, depth) => name === target[depth])) column = before.index + 1
    }
    before = token
  }
  return column
}
