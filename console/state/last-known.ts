// What the server told last, kept in the tab beside the token: a page that is loaded again while the server is away has something to show, and says how old it is.

const KEPT = 'waybill.known.'
/** So many answers, each no longer than so many characters: a browser keeps some five million for a page. */
const MOST = 20
const MOST_CHARACTERS = 100_000

/** An answer and when it came, epoch milliseconds. */
interface Known<T> {
  readonly at: number
  readonly value: T
}

let kept = false

export const lastKnown = {
  /** From now on answers are kept. Not called where the user wishes nothing to be kept: then they are in memory alone. */
  begin(): void {
    kept = true
  },

  remember(name: string, value: unknown): void {
    if (!kept) return
    const text = JSON.stringify({ at: Date.now(), value })
    if (text.length > MOST_CHARACTERS) return
    const others = names().filter(each => each !== KEPT + name)
    for (const old of others.slice(0, Math.max(0, others.length - MOST + 1))) sessionStorage.removeItem(old)
    sessionStorage.removeItem(KEPT + name)
    sessionStorage.setItem(KEPT + name, text)
  },

  recall<T>(name: string): Known<T> | null {
    const text = sessionStorage.getItem(KEPT + name)
    return text === null ? null : (JSON.parse(text) as Known<T>)
  },

  forget(): void {
    kept = false
    for (const name of names()) sessionStorage.removeItem(name)
  },
}

/** Of all that is kept, what came first in front. */
function names(): string[] {
  const all = Array.from({ length: sessionStorage.length }, (_, index) => sessionStorage.key(index) ?? '').filter(name => name.startsWith(KEPT))
  const at = (name: string): number => (JSON.parse(sessionStorage.getItem(name) ?? '{"at":0}') as Known<unknown>).at
  return all.sort((a, b) => at(a) - at(b))
}
