import { ClientError, type ItemInfo, type JobInfo, type WaybillClient } from '../client/index.ts'
import { size } from './output.ts'

/** Running items that are looked at for their bytes: large files are few, and come in the items' order. */
const MOST_LOOKED_AT = 1000
/** The server tells anew as often. */
const EVERY_MS = 2000

/** Running items of which some bytes are in their other store already. */
export async function underWay(client: WaybillClient, id: string): Promise<ItemInfo[]> {
  const found: ItemInfo[] = []
  let looked = 0
  for await (const item of client.items(id, { states: ['running'] })) {
    if (item.bytes > 0) found.push(item)
    looked += 1
    if (looked === MOST_LOOKED_AT) break
  }
  return found
}

/** For a progress line: how many bytes of the large files under way have arrived. Looks now and then, beside whoever asks. */
export class BytesUnderWay {
  readonly #client: WaybillClient
  readonly #id: string
  #next = 0
  #words = ''

  constructor(client: WaybillClient, id: string) {
    this.#client = client
    this.#id = id
  }

  /** What was seen last, empty when there is nothing to say. */
  words(job: JobInfo): string {
    if (job.state !== 'running') return ''
    if (Date.now() >= this.#next) {
      this.#next = Infinity
      void this.#look()
    }
    return this.#words
  }

  async #look(): Promise<void> {
    try {
      const bytes = (await underWay(this.#client, this.#id)).reduce((sum, item) => sum + item.bytes, 0)
      this.#words = bytes === 0 ? '' : `${size(bytes)} under way`
    } catch (error) {
      // whoever waits for the job hears of it, too
      if (!(error instanceof ClientError)) throw error
      this.#words = ''
    } finally {
      this.#next = Date.now() + EVERY_MS
    }
  }
}
