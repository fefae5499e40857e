import type { ComponentChildren, TargetedEvent, VNode } from 'preact'
import { cloneElement } from 'preact'
import { useId, useState } from 'preact/hooks'
import { exactNumber, relative, shortNumber, size } from '../lib/format.ts'
import { useNow } from '../state/use-now.ts'
import type { IconName } from './icons.tsx'
import { Icon } from './icons.tsx'

/** A number, short; exact on hover. */
export function Count({ value }: { readonly value: number }) {
  return <span title={exactNumber(value)}>{shortNumber(value)}</span>
}

/** A size, short; exact on hover. */
export function Size({ bytes }: { readonly bytes: number }) {
  return <span title={`${exactNumber(bytes)} bytes`}>{size(bytes)}</span>
}

/** A time as `5 min ago`; exact on hover. `at` is RFC 3339. */
export function When({ at }: { readonly at: string }) {
  const now = useNow(10_000)
  const date = new Date(at)
  return (
    <time dateTime={at} title={date.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' })}>
      {relative(date.getTime(), now)}
    </time>
  )
}

interface ButtonProps {
  readonly icon?: IconName
  readonly kind?: 'main' | 'plain' | 'danger' | 'quiet'
  readonly disabled?: boolean
  readonly title?: string
  readonly type?: 'button' | 'submit'
  readonly onClick?: () => void
  readonly children: ComponentChildren
}

export function Button({ icon, kind = 'plain', type = 'button', children, ...more }: ButtonProps) {
  return (
    <button type={type} class={`button ${kind}`} {...more}>
      {icon !== undefined && <Icon name={icon} />}
      <span>{children}</span>
    </button>
  )
}

/** A button that is its icon alone, named for who does not see it. */
export function IconButton({ icon, label, onClick }: { readonly icon: IconName; readonly label: string; readonly onClick: () => void }) {
  return (
    <button type="button" class="icon-button" aria-label={label} title={label} onClick={onClick}>
      <Icon name={icon} />
    </button>
  )
}

interface FieldProps {
  readonly label: string
  readonly hint?: string
  /** The one control. */
  readonly children: VNode<{ id?: string; 'aria-describedby'?: string }>
}

/** A field with its name above and a short line beneath, which is not part of its name. */
export function Field({ label, hint, children }: FieldProps) {
  const id = useId()
  return (
    <div class="field">
      <label class="field-label" for={id}>
        {label}
      </label>
      {cloneElement(children, { id, ...(hint === undefined ? {} : { 'aria-describedby': `${id}-hint` }) })}
      {hint !== undefined && (
        <span class="hint" id={`${id}-hint`}>
          {hint}
        </span>
      )}
    </div>
  )
}

/** A command, with a button that copies it. */
export function Command({ text }: { readonly text: string }) {
  const [copied, setCopied] = useState(false)
  const copy = (): void => {
    navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      () => setCopied(false), // the browser does not let us: the text is there to be selected
    )
  }
  return (
    <div class="command">
      <code tabIndex={0}>{text}</code>
      <Button icon="copy" kind="quiet" onClick={copy}>
        {copied ? 'Copied' : 'Copy'}
      </Button>
    </div>
  )
}

/** Nothing to show, and what to do about it. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children}
    </div>
  )
}

/** Grey bars in the place of what comes; seen only when it takes longer than a moment. */
export function Skeleton({ rows = 6 }: { readonly rows?: number }) {
  return (
    <div class="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} class="skeleton-row" />
      ))}
    </div>
  )
}

/** A name and a value in a list of facts. */
export function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

/** A figure that is seen from afar, with its name above and what it means beneath. */
export function Figure({ name, value, children }: { readonly name: string; readonly value: string; readonly children?: ComponentChildren }) {
  return (
    <div class="figure">
      <span class="figure-name">{name}</span>
      <span class="figure-value">{value}</span>
      <span class="hint">{children}</span>
    </div>
  )
}

/** The text of an input as it is typed. */
export function textOf(event: TargetedEvent<HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement>): string {
  return event.currentTarget.value
}
