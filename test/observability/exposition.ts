/** One sample of the Prometheus text format. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** What a server exports: its samples, and the type of each metric by its name. Throws at a line that is none of the format. */
export interface Exposition {
  readonly samples: readonly Sample[]
  readonly types: ReadonlyMap<string, string>
}

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)",?/g

export function parseExposition(text: string): Exposition {
  const samples: Sample[] = []
  const types = new Map<string, string>()
  for (const line of text.split('\n')) {
    const type = /^# TYPE (\S+) (counter|gauge|histogram|summary)$/.exec(line)
    if (type !== null) types.set(type[1] ?? '', type[2] ?? '')
    if (line === '' || line.startsWith('#')) continue
    const sample = SAMPLE.exec(line)
    if (sample === null) throw new Error(`no sample: ${line}`)
    const [, name = '', labels = '', value = ''] = sample
    samples.push({
      name,
      labels: Object.fromEntries(Array.from(labels.matchAll(LABEL), ([, key, text]) => [key, text])),
      value: Number(value.replace('Inf', 'Infinity')),
    })
  }
  return { samples, types }
}

/** The sum of all samples of that name whose labels have these values; undefined when there is none. */
export function valueOf({ samples }: Exposition, name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
  const found = samples.filter(sample => sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value))
  return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0)
}
