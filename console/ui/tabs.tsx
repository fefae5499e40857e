import type { ComponentChildren } from 'preact'
import { goWith } from '../state/route.ts'

interface TabsProps {
  /** What the parts are of, for who hears the page. */
  readonly label: string
  /** The id of the part that is shown. */
  readonly panel: string
  /** The first is the one without a key in the address. */
  readonly tabs: readonly { readonly key: string; readonly name: string }[]
  readonly tab: string
  /** The parameter that names what is open in a part: it is closed when another part is chosen. */
  readonly opens: string
  readonly children: ComponentChildren
}

const idOf = (name: string): string => `tab-${name}`

/** Parts of a page, of which the address says which one is shown. The list is one stop of the Tab key; arrows, Home and End go through it (WAI-ARIA, tabs). */
export function Tabs({ label, panel, tabs, tab, opens, children }: TabsProps) {
  const index = Math.max(
    0,
    tabs.findIndex(({ key }) => key === tab),
  )
  const choose = (at: number): void => {
    const chosen = tabs[(at + tabs.length) % tabs.length]
    if (chosen === undefined) return
    goWith({ tab: chosen.key, [opens]: undefined })
    document.getElementById(idOf(chosen.name))?.focus()
  }
  const steps: Readonly<Record<string, number>> = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: tabs.length - 1 }
  const press = (event: KeyboardEvent): void => {
    const to = steps[event.key]
    if (to === undefined || event.ctrlKey || event.altKey || event.metaKey) return
    event.preventDefault()
    choose(to)
  }
  return (
    <>
      <div class="tabs" role="tablist" aria-label={label} onKeyDown={press}>
        {tabs.map(({ name }, at) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={idOf(name)}
            aria-selected={at === index}
            aria-controls={panel}
            tabIndex={at === index ? 0 : -1}
            onClick={() => choose(at)}
          >
            {name}
          </button>
        ))}
      </div>
      <div id={panel} role="tabpanel" aria-labelledby={idOf(tabs[index]?.name ?? '')}>
        {children}
      </div>
    </>
  )
}
