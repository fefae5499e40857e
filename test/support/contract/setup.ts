import { afterAll, afterEach, expect } from 'vitest'
import { takeFaults, watchServers } from './watch-servers.ts'

// Whatever a test asks of a server in its process, the answer has to be one that the OpenAPI document names.
watchServers()
afterEach(asDocumented)
afterAll(asDocumented)

function asDocumented(): void {
  expect(takeFaults(), 'answers that are not as the OpenAPI document says').toEqual([])
}
