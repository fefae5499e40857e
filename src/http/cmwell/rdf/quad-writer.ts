import type { Quad, Resource } from './terms.ts'

/** Makes text of statements, batch by batch; what it keeps in between does not grow with their number. */
export interface QuadWriter {
  write(quads: readonly Quad[]): string
  /** What must follow the last batch; of an empty document it is all of it. */
  end(): string
}

/** Neighbouring statements with the same subject and graph. */
export interface SubjectGroup {
  readonly subject: Resource
  readonly graph: Resource | null
  readonly quads: Quad[]
}

export function groupsOf(quads: readonly Quad[]): SubjectGroup[] {
  const groups: SubjectGroup[] = []
  for (const quad of quads) {
    const last = groups.at(-1)
    if (last !== undefined && sameResource(last.subject, quad.subject) && sameResource(last.graph, quad.graph)) last.quads.push(quad)
    else groups.push({ subject: quad.subject, graph: quad.graph, quads: [quad] })
  }
  return groups
}

export function sameResource(one: Resource | null, other: Resource | null): boolean {
  return one?.kind === other?.kind && one?.value === other?.value
}
