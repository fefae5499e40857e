const TIME = /\d{4}-\d{2}-\d{2}T[\d:.]+Z/g

/** A sentence of the server with its times as the reader's clock shows them. */
export function withLocalTimes(sentence: string): string {
  return sentence.replace(TIME, time => new Date(time).toLocaleTimeString())
}
