import axe from 'axe-core'
import type { AxeResults, Result } from 'axe-core'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import type { ConfigInput } from '../../src/config.ts'
import type { Scope } from '../../src/model/access.ts'
import { buildConsole } from '../support/console.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { CHROMIUM_START_MS, startChromium } from '../support/servers/chromium.ts'

/** How long something may take to be seen, in milliseconds: generous, for a slow machine. */
export const SEEN_MS = 20_000

export interface PageOptions {
  readonly dark?: boolean
  readonly width?: number
  /** What it may complain of. */
  readonly expected?: RegExp
  /** What alice's token may; all but admin unless told. */
  readonly scopes?: readonly Scope[]
  /** Another way to the server. */
  readonly url?: string
}

export interface World {
  /** The server, with a console. */
  readonly server: () => TestServer
  /** A page of a new session, at the sign-in. Whatever it complains of fails the test. */
  open(options?: PageOptions): Promise<Page>
  /** A page where alice has signed in, at an address of the console. */
  openAt(address: string, options?: PageOptions): Promise<Page>
}

/** A server with the built console and a browser, for all tests of a file; `config` changes settings. */
export function consoleWorld(config: ConfigInput = {}): World {
  let server: TestServer | null = null
  let browser: Browser | null = null
  const contexts: BrowserContext[] = []
  const complaints: string[] = []
  const running = (): TestServer => {
    if (server === null) throw new Error('the server is not there yet')
    return server
  }
  beforeAll(async () => {
    await buildConsole()
    server = await startTestServer(config)
    browser = await startChromium()
  }, CHROMIUM_START_MS)
  afterEach(async () => {
    for (const context of contexts.splice(0)) await context.close()
    expect(complaints.splice(0)).toEqual([])
  })
  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })

  const open: World['open'] = async ({ dark = false, width = 1280, expected, url = running().url } = {}) => {
    if (browser === null) throw new Error('the browser is not there yet')
    const context = await browser.newContext({
      viewport: { width, height: 800 },
      colorScheme: dark ? 'dark' : 'light',
      acceptDownloads: true,
      reducedMotion: 'reduce',
    })
    context.setDefaultTimeout(SEEN_MS)
    contexts.push(context)
    const page = await context.newPage()
    page.on('console', message => {
      if ((message.type() === 'error' || message.type() === 'warning') && expected?.test(message.text()) !== true) complaints.push(message.text())
    })
    page.on('pageerror', error => complaints.push(error.stack ?? error.message))
    await page.goto(url)
    return page
  }
  return {
    server: running,
    open,
    openAt: async (address, options) => {
      const page = await open(options)
      await signIn(page, await running().token('alice', options?.scopes))
      await page.goto(`${options?.url ?? running().url}/${address}`)
      return page
    },
  }
}

export async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel('Token').fill(token)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('navigation', { name: 'Console' }).waitFor()
}

/** What axe finds that is serious: of WCAG 2.2 AA, which contrast belongs to. */
export async function seriousFaults(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate<AxeResults>(`axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })`)
  return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(describeFault)
}

function describeFault({ id, nodes }: Result): string {
  return `${id}: ${nodes
    .slice(0, 3)
    .map(node => `${node.html} ${node.failureSummary ?? ''}`)
    .join(' | ')}`
}

/** How many pixels the page is wider than its window. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth - innerWidth')
}
