import type { ComponentChildren } from 'preact'

/** Sixteen by sixteen, drawn in the colour of the text; what they mean stands beside them in words. */
const SHAPES = {
  done: <path d="M3 8.5 6.5 12 13 4.5" />,
  failed: <path d="m4 4 8 8m0-8-8 8" />,
  evicted: <path d="M8 2 1.5 13.5h13zM8 6.5v3m0 2v.01" />,
  skipped: <path d="m3 4 5 4-5 4m5-8 5 4-5 4" />,
  cancelled: (
    <>
      <circle cx="8" cy="8" r="6" />
      <path d="m4 4 8 8" />
    </>
  ),
  running: <path d="M4 3v10l9-5z" fill="currentColor" />,
  pending: (
    <>
      <circle cx="8" cy="8" r="6" />
      <path d="M8 4.5V8l2.5 1.5" />
    </>
  ),
  paused: <path d="M5.5 3v10m5-10v10" />,
  folder: <path d="M1.5 12.5v-9h4.5l1.5 2h7v7z" />,
  file: <path d="M3.5 1.5h6l3 3v10h-9zM9.5 1.5v3h3" />,
  object: (
    <>
      <circle cx="4" cy="12" r="2" />
      <circle cx="12" cy="11" r="2" />
      <circle cx="8" cy="4" r="2" />
      <path d="M7.2 5.8 4.8 10.2M8.9 5.8l2.2 3.5M6 11.8l4-.5" />
    </>
  ),
  link: <path d="M6.5 9.5 9.5 6.5M7 4.5l1.7-1.7a2.9 2.9 0 0 1 4.1 4.1L11.2 8.6M9 11.5l-1.7 1.7a2.9 2.9 0 0 1-4.1-4.1L4.8 7.4" />,
  key: (
    <>
      <circle cx="5" cy="11" r="3" />
      <path d="m7.2 8.8 6.3-6.3M11 5l2 2" />
    </>
  ),
  upload: <path d="M8 11V2m-3.5 3.5L8 2l3.5 3.5M2 10.5V14h12v-3.5" />,
  download: <path d="M8 2v9m-3.5-3.5L8 11l3.5-3.5M2 10.5V14h12v-3.5" />,
  search: (
    <>
      <circle cx="7" cy="7" r="4.5" />
      <path d="m10.5 10.5 4 4" />
    </>
  ),
  copy: <path d="M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3" />,
  close: <path d="m3.5 3.5 9 9m0-9-9 9" />,
  plus: <path d="M8 2.5v11M2.5 8h11" />,
  lock: <path d="M3.5 7h9v6.5h-9zM5.5 7V5a2.5 2.5 0 0 1 5 0v2" />,
  retry: <path d="M13 8a5 5 0 1 1-1.5-3.6M13 2v3h-3" />,
  right: <path d="m6 3.5 4.5 4.5L6 12.5" />,
  offline: <path d="M2 2l12 12M1.5 6a10 10 0 0 1 3-1.9m3-.6A10 10 0 0 1 14.5 6M4.5 9a5 5 0 0 1 2.5-1.4M8 12.5v.01" />,
} satisfies Record<string, ComponentChildren>

export type IconName = keyof typeof SHAPES

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      {SHAPES[name]}
    </svg>
  )
}
