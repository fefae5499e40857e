import { lookup as lookupName, type LookupAddress } from 'node:dns'
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import type { AddressRules } from '../model/net-address.ts'
import type { WebhookAnswer, WebhookRequest, WebhookSender } from '../ports/webhook-sender.ts'

/** How long a connection may take to come about, and a delivery in all, in milliseconds: receivers are to store and answer, not to work. */
const CONNECT_MS = 5_000
const TOTAL_MS = 10_000
/** Of an answer's body so much is read, and thrown away, so that the connection can be used again; a longer one ends the connection. */
const MOST_BODY_BYTES = 4 * 1024
/** Idle connections are kept for this long, in milliseconds. */
const KEEP_MS = 5_000

/**
 * Calls receivers over HTTP. A name is looked up by us, once for each connection, and every address that it stands for is checked; the connection is made to those very
 * addresses, so that a name that means something else a moment later (DNS rebinding) changes nothing. No proxy of the environment is used, no redirect followed.
 */
export class WebhookClient implements WebhookSender {
  readonly #rules: AddressRules
  readonly #agents: { readonly http: HttpAgent; readonly https: HttpsAgent }

  constructor(rules: AddressRules) {
    this.#rules = rules
    const options = { keepAlive: true, keepAliveMsecs: KEEP_MS, timeout: TOTAL_MS, maxFreeSockets: 16, lookup: checkedLookup(rules) }
    this.#agents = { http: new HttpAgent(options), https: new HttpsAgent(options) }
  }

  async send({ url, headers, body }: WebhookRequest, signal: AbortSignal): Promise<WebhookAnswer> {
    const target = new URL(url)
    // of an address there is nothing to look up: Node connects to it without asking us
    const refusal = this.#rules.refusalOfHost(target.hostname)
    if (refusal !== null) throw new Error(`It was not called: ${refusal}.`)
    const late = AbortSignal.timeout(TOTAL_MS)
    try {
      return await this.#exchange(target, headers, body, AbortSignal.any([signal, late]))
    } catch (error) {
      throw new Error(late.aborted ? `The receiver did not answer within ${TOTAL_MS / 1000} s.` : faultOf(error as NodeJS.ErrnoException), { cause: error })
    }
  }

  #exchange(target: URL, headers: WebhookRequest['headers'], body: string, signal: AbortSignal): Promise<WebhookAnswer> {
    return new Promise((resolve, reject) => {
      const options = { method: 'POST', headers: { ...headers, 'content-length': Buffer.byteLength(body) }, signal }
      const request =
        target.protocol === 'https:'
          ? httpsRequest(target, { ...options, agent: this.#agents.https })
          : httpRequest(target, { ...options, agent: this.#agents.http })
      const connecting = setTimeout(() => request.destroy(new Error(`it took longer than ${CONNECT_MS / 1000} s to connect`)), CONNECT_MS)
      request.once('socket', socket => {
        const ready = (): void => clearTimeout(connecting)
        if (request.reusedSocket) ready()
        else socket.once(target.protocol === 'https:' ? 'secureConnect' : 'connect', ready)
      })
      request.once('close', () => clearTimeout(connecting))
      request.on('error', reject)
      request.once('response', response => {
        drain(response)
        // whatever is wrong with the rest of the answer, its status has been given
        response.on('error', () => request.destroy())
        resolve({ status: response.statusCode ?? 0, retryAfterMs: retryAfter(response.headers['retry-after']) })
      })
      request.end(body)
    })
  }

  close(): void {
    this.#agents.http.destroy()
    this.#agents.https.destroy()
  }
}

/** Looks a name up and refuses it when any of its addresses may not be called: one that has some of each would else be called by luck. */
function checkedLookup(rules: AddressRules): LookupFunction {
  return (host, options, answer) => {
    lookupName(host, { ...options, all: true, order: 'verbatim' }, (error, found) => {
      if (error !== null) return answer(error, '')
      const refusal = found.map(({ address }) => rules.refusal(host, address)).find(one => one !== null)
      const first: LookupAddress | undefined = found[0]
      if (refusal !== undefined) return answer(new Refusal(refusal), '')
      if (first === undefined) return answer(new Refusal(`${host} has no address`), '')
      return options.all === true ? answer(null, found) : answer(null, first.address, first.family)
    })
  }
}

class Refusal extends Error {}

/** Reads at most a little of an answer. */
function drain(response: IncomingMessage): void {
  let read = 0
  response.on('data', (chunk: Buffer) => {
    read += chunk.length
    if (read > MOST_BODY_BYTES) response.destroy()
  })
}

/** RFC 9110 section 10.2.3: seconds, or a date. Null for none, and for what is neither. */
function retryAfter(header: string | undefined): number | null {
  if (header === undefined) return null
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000
  const until = Date.parse(header)
  return Number.isNaN(until) ? null : Math.max(0, until - Date.now())
}

function faultOf(error: NodeJS.ErrnoException): string {
  if (error instanceof Refusal) return `It was not called: ${error.message}.`
  return `The receiver could not be reached: ${error.message === '' ? (error.code ?? error.name) : error.message}.`
}
