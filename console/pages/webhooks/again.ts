/** Webhooks and their deliveries change by themselves: they are asked for again this often. */
export const AGAIN_MS = 5_000
