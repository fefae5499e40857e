/**
 * The one of `offered` that an Accept header likes most (RFC 9110 section 12.5.1): by quality, then by the order offered. Without the header, and
 * when it likes none, the first: an answer in another form is of more use than a refusal.
 */
export function preferredType<const Offered extends readonly [string, ...string[]]>(header: string | undefined, offered: Offered): Offered[number] {
  let best: Offered[number] = offered[0]
  let bestQuality = 0
  for (const type of header === undefined ? [] : offered) {
    const quality = qualityOf(header ?? '', type)
    if (quality > bestQuality) [best, bestQuality] = [type, quality]
  }
  return best
}

/** The most exact range that fits a type decides its quality. */
function qualityOf(header: string, type: string): number {
  let exactness = -1
  let quality = 0
  for (const part of header.split(',')) {
    const [range = '', ...parameters] = part.split(';').map(piece => piece.trim().toLowerCase())
    const exact = [`*/*`, `${type.split('/')[0] ?? ''}/*`, type].indexOf(range)
    if (exact <= exactness) continue
    exactness = exact
    quality = Number(parameters.find(parameter => parameter.startsWith('q='))?.slice(2) ?? 1)
  }
  return Number.isNaN(quality) ? 0 : quality
}
