import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Button, Field, IconButton, textOf } from './bits.tsx'
import { ProblemBox } from './problem.tsx'

interface DialogProps {
  readonly title: string
  readonly wide?: boolean
  readonly onClose: () => void
  readonly children: ComponentChildren
}

/** A modal dialog: the browser keeps the focus in it and closes it with Escape. */
export function Dialog({ title, wide = false, onClose, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    element.current?.showModal()
    // a form begins with its first field; what only asks begins with the way out of it
    element.current?.querySelector<HTMLElement>('input, select, textarea')?.focus()
  }, [])
  return (
    <dialog
      ref={element}
      class={wide ? 'wide' : ''}
      aria-label={title}
      onCancel={event => {
        event.preventDefault()
        onClose()
      }}
    >
      <header class="dialog-head">
        <h2>{title}</h2>
        <IconButton icon="close" label="Close" onClick={onClose} />
      </header>
      {children}
    </dialog>
  )
}

interface ConfirmProps {
  readonly title: string
  /** Exactly what will happen. */
  readonly children: ComponentChildren
  readonly action: string
  /** To be typed first, where it cannot be undone. */
  readonly typed?: string
  /** Nothing is lost by it: it does not look like a danger. */
  readonly harmless?: boolean
  readonly onConfirm: () => Promise<void>
  readonly onClose: () => void
}

/** Asks once, saying what will happen. */
export function Confirm({ title, children, action, typed, harmless = false, onConfirm, onClose }: ConfirmProps) {
  const [words, setWords] = useState('')
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const confirm = (): void => {
    setBusy(true)
    onConfirm().then(onClose, (reason: unknown) => {
      setBusy(false)
      setError(reason)
    })
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        class="dialog-body"
        onSubmit={event => {
          event.preventDefault()
          confirm()
        }}
      >
        <div>{children}</div>
        {typed !== undefined && (
          <Field label={`Type ${typed} to go on`}>
            <input value={words} autocomplete="off" onInput={event => setWords(textOf(event))} />
          </Field>
        )}
        <ProblemBox error={error} />
        <footer class="dialog-foot">
          <Button onClick={onClose}>Keep it as it is</Button>
          <Button kind={harmless ? 'main' : 'danger'} type="submit" disabled={busy || (typed !== undefined && words !== typed)}>
            {action}
          </Button>
        </footer>
      </form>
    </Dialog>
  )
}
