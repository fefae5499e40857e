// The service worker: it keeps the page and what it loads, so that the console opens while the server is away. Nothing else passes through it: what the server
// answers to calls of the API is never kept here.

/** What a service worker is, as far as it is used here: the types of the page know it not. */
interface Work extends Event {
  waitUntil(work: Promise<unknown>): void
}
interface Request_ extends Work {
  readonly request: Request
  respondWith(answer: Promise<Response>): void
}

const KEPT = 'waybill-console'
const PAGE = '/'
const ASSETS = '/console/assets/'

/** The page and its assets as they are now; those of an older page go. */
async function keep(page: Response): Promise<void> {
  const cache = await caches.open(KEPT)
  const text = await page.clone().text()
  const wanted = new Set(Array.from(text.matchAll(/(?:src|href)="(\/console\/assets\/[^"]+)"/g), ([, url = '']) => url))
  await cache.put(PAGE, page)
  for (const url of wanted) if ((await cache.match(url)) === undefined) await cache.add(url)
  for (const { url } of await cache.keys()) {
    const { pathname } = new URL(url)
    // images are named in scripts, where they are not looked for: they are small, and few
    if (/\.(js|css)$/.test(pathname) && !wanted.has(pathname)) await cache.delete(url)
  }
}

async function pageOr(request: Request, waitUntil: (work: Promise<unknown>) => void): Promise<Response> {
  try {
    const page = await fetch(request)
    if (page.ok) waitUntil(keep(page.clone()))
    return page
  } catch (error) {
    const kept = await caches.match(PAGE)
    if (kept === undefined) throw error
    return kept
  }
}

async function asset(request: Request): Promise<Response> {
  const kept = await caches.match(request)
  if (kept !== undefined) return kept
  const answer = await fetch(request)
  if (answer.ok) await (await caches.open(KEPT)).put(request, answer.clone())
  return answer
}

addEventListener('install', event => (event as Work).waitUntil(fetch(PAGE).then(keep)))
addEventListener('fetch', event => {
  const { request } = event as Request_
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== location.origin) return
  // a name of an asset never means other bytes
  if (url.pathname.startsWith(ASSETS)) (event as Request_).respondWith(asset(request))
  else if (request.mode === 'navigate' && url.pathname === PAGE) {
    ;(event as Request_).respondWith(pageOr(request, work => (event as Request_).waitUntil(work)))
  }
})
