import { createRequire } from 'node:module'
import { startTool } from './tool.ts'

const MAIN = createRequire(import.meta.url).resolve('azurite/dist/src/blob/main.js')
/** So that it never stays behind, however this process ends. */
const END_WITH_INPUT = 'data:text/javascript,process.stdin.on("end",()=>process.exit()).resume()'
/** The account that every Azurite has, with its published key. */
const ACCOUNT = 'devstoreaccount1'
const KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='

/** A server of Azure Blob Storage, empty, in memory, in its own process. */
export interface Azurite {
  readonly url: string
  /** With another address when something stands between. */
  connectionString(url?: string): string
  stop(): Promise<void>
}

export async function startAzurite(): Promise<Azurite> {
  const flags = ['--blobPort', '0', '--disableTelemetry', '--inMemoryPersistence', '--skipApiVersionCheck', '--silent']
  const { line: url, stop } = await startTool(process.execPath, ['--import', END_WITH_INPUT, MAIN, ...flags], /successfully listens on (http:\/\/\S+)/)
  const connectionString = (at = url): string => `DefaultEndpointsProtocol=http;AccountName=${ACCOUNT};AccountKey=${KEY};BlobEndpoint=${at}/${ACCOUNT};`
  return { url, connectionString, stop }
}
