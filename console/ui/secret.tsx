import type { ComponentChildren } from 'preact'
import { Button, Command } from './bits.tsx'
import { Dialog } from './dialog.tsx'

interface SecretDialogProps {
  readonly title: string
  readonly secret: string
  /** What it is for, and how it is used. */
  readonly children: ComponentChildren
  readonly onClose: () => void
}

/** Shows a secret, which is told this once. It is nowhere else in the page, and gone when the dialog is closed. */
export function SecretDialog({ title, secret, children, onClose }: SecretDialogProps) {
  return (
    <Dialog title={title} onClose={onClose}>
      <div class="dialog-body">
        <p class="note">
          <strong>Copy it now: it is shown this once.</strong> The server keeps no copy that can be read.
        </p>
        <Command text={secret} />
        {children}
        <footer class="dialog-foot">
          <Button kind="main" onClick={onClose}>
            I have it
          </Button>
        </footer>
      </div>
    </Dialog>
  )
}
