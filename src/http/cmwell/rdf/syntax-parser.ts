/** A parser that is fed a document's text piece by piece and gives statements to a QuadSink; each throws `invalid_rdf` at what is wrong. */
export interface SyntaxParser {
  write(text: string): void | Promise<void>
  /** The document has ended: what is still open is an error. */
  end(): void | Promise<void>
}
