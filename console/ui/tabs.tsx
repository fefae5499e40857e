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

/** Parts of a page, of which the address says which one is shown. */
export function Tabs({ label, panel, tabs, tab, opens, children }: TabsProps) {
  const shown = tabs.find(({ key }) => key === tab) ?? tabs[0]
  return (
    <>
      <div class="tabs" role="tablist" aria-label={label}>
        {tabs.map(({ key, name }) => (
          <button
            key={key}
            type="button"
            role="tab"
            id={`tab-${name}`}
            aria-selected={tab === key}
            aria-controls={panel}
            onClick={() => goWith({ tab: key, [opens]: undefined })}
          >
            {name}
          </button>
        ))}
      </div>
      <div id={panel} role="tabpanel" aria-labelledby={`tab-${shown?.name ?? ''}`}>
        {children}
      </div>
    </>
  )
}
