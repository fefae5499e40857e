/** Where the server has the service worker (src/http/console.ts). */
const WORKER = '/console/worker.js'

interface Policies {
  createPolicy(name: string, rules: { createScriptURL: () => string }): { createScriptURL(url: string): string }
}

/**
 * Has the browser keep the page for when the server is away. Over plain HTTP browsers do so for the own machine only; there, and where it is refused, the
 * console works as well while the server does.
 */
export function keepPage(): void {
  if (!('serviceWorker' in navigator)) return
  // the policy of the page lets no text become a script's address but this one's
  const { trustedTypes } = window as unknown as { readonly trustedTypes?: Policies }
  const url = trustedTypes?.createPolicy('waybill', { createScriptURL: () => WORKER }).createScriptURL(WORKER) ?? WORKER
  navigator.serviceWorker.register(url, { scope: '/' }).catch((error: unknown) => console.info('The page is not kept for when the server is away:', error))
}
