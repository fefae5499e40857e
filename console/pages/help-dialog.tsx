import { Dialog } from '../ui/dialog.tsx'

const KEYS = [
  ['c', 'a new job'],
  ['/', 'search on this page'],
  ['j, k', 'the next row, the one before (also the arrow keys)'],
  ['Enter', 'open the row'],
  ['Esc', 'close what is open'],
  ['?', 'this help'],
] as const

const WORDS = [
  ['job', 'one request over any number of files: copy, move, delete or update'],
  ['item', 'one line of a job: one file, with its own state and reason'],
  ['collection', 'a named set of files with its own grants'],
  ['evicted', 'a condition of the item did not hold, so nothing was changed'],
  ['skipped', 'the destination was there already, and the job keeps it'],
  ['dry run', 'every item is planned and nothing is changed'],
] as const

/** `?`: the keys, and what the words mean. */
export function HelpDialog({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title="Help" onClose={onClose}>
      <div class="dialog-body help">
        <h3>Keys</h3>
        <dl>
          {KEYS.map(([key, what]) => (
            <div key={key} class="fact">
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
        <h3>Words</h3>
        <dl>
          {WORDS.map(([word, meaning]) => (
            <div key={word} class="fact">
              <dt>{word}</dt>
              <dd>{meaning}</dd>
            </div>
          ))}
        </dl>
        <p>
          The API behind this page is described at <a href="/docs">/docs</a>.
        </p>
      </div>
    </Dialog>
  )
}
