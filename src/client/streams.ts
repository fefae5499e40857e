// Browsers differ in what of streams they have: `ReadableStream.from` and iterating over a stream are in some only. A reader is in all.

/** The chunks of a stream. Whoever stops early cancels it. */
export async function* chunksOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
  const reader = stream.getReader()
  let over = false
  try {
    for (;;) {
      const step = await reader.read().catch((error: unknown) => {
        over = true // a broken stream has nothing to cancel
        throw error
      })
      over = step.done
      if (step.done) return
      yield step.value
    }
  } finally {
    if (!over) await reader.cancel()
  }
}

/** A stream of what an iterator yields, asked for one by one when they are wanted; cancelling the stream ends the iterator. */
export function streamOf(chunks: AsyncIterator<Uint8Array<ArrayBuffer>, void, undefined>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      pull: async controller => {
        const step = await chunks.next()
        if (step.done === true) controller.close()
        else controller.enqueue(step.value)
      },
      cancel: async () => {
        await chunks.return?.()
      },
    },
    { highWaterMark: 0 },
  )
}
