import { parser } from '@prometheus-io/lezer-promql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { loadConfig } from '../../src/config.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { textOf } from '../unit/deploy/files.ts'
import { parseExposition, type Exposition } from './exposition.ts'

interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: readonly { readonly refId: string; readonly expr: string; readonly legendFormat: string }[]
}

interface Dashboard {
  readonly uid: string
  readonly schemaVersion: number
  readonly panels: readonly Panel[]
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: string }[] }
}

interface Alerts {
  readonly groups: readonly {
    readonly rules: readonly { readonly alert: string; readonly expr: string; readonly labels: object; readonly annotations: { readonly summary: string } }[]
  }[]
}

const dashboard = JSON.parse(textOf('deploy/grafana/waybill.json')) as Dashboard
const alerts = parse(textOf('deploy/alerts.yml')) as Alerts
const rules = alerts.groups.flatMap(group => group.rules)

/** A selection of series in an expression. Throws where the expression is no PromQL. */
interface Selected {
  readonly metric: string
  readonly labels: readonly string[]
}

function selectedBy(expr: string): Selected[] {
  const text = expr.replaceAll('$__rate_interval', '5m')
  const found: Selected[] = []
  parser.parse(text).iterate({
    enter: node => {
      if (node.type.isError) throw new Error(`no PromQL at ${node.from}: ${text}`)
      if (node.name !== 'VectorSelector') return
      const labels = node.node.getChild('LabelMatchers')
      const names = labels === null ? [] : Array.from(text.slice(labels.from, labels.to).matchAll(/([a-z_]+)(?:=~|!=|!~|=)"/g), ([, name = '']) => name)
      const identifier = node.node.getChild('Identifier')
      if (identifier === null) throw new Error(`series without a name: ${text}`)
      found.push({ metric: text.slice(identifier.from, identifier.to), labels: names })
    },
  })
  return found
}

/** The labels that metrics have by the reference, and those that Prometheus adds. */
function documented(): Map<string, { readonly type: string; readonly labels: readonly string[] }> {
  const rows = textOf('docs/reference/metrics.md').matchAll(/^\| `(waybill_[a-z_]+)` *\| ([a-z]+) *\| ([^|]*) \|/gm)
  return new Map(
    Array.from(rows, ([, name = '', type = '', labels = '']) => [
      name,
      { type, labels: Array.from(labels.matchAll(/`([a-z]+)`/g), ([, label = '']) => label) },
    ]),
  )
}

const OF_PROMETHEUS = ['job', 'instance']

describe('what watches a server', () => {
  let server: TestServer
  let exported: Exposition
  beforeAll(async () => {
    server = await startTestServer({ metrics: 'open' })
    await server.call('alice', 'POST', '/v1/collections', { id: 'c' })
    await server.call('alice', 'PUT', '/v1/collections/c/entries/a', 'bytes')
    await server.call('alice', 'POST', '/v1/jobs', { kind: 'delete', items: [{ source: { collection: 'c', path: 'a' } }] }, { prefer: 'wait=20' })
    exported = parseExposition(await (await fetch(`${server.url}/metrics`)).text())
  })
  afterAll(() => server.close())

  /** The metric that a series is of, as its server names it; undefined when there is none. */
  const metricOf = (series: string): string | undefined =>
    [series, series.replace(/_(bucket|sum|count)$/, '')].find(name => exported.types.has(name) && (name === series || exported.types.get(name) !== 'counter'))

  const expressions = [
    ...dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ where: title, expr }))),
    ...rules.map(({ alert, expr }) => ({ where: alert, expr })),
  ]

  it.each(expressions)('$where asks in PromQL for what the server exports: $expr', ({ expr }) => {
    const selected = selectedBy(expr)
    expect(selected.length).toBeGreaterThan(0)
    for (const { metric, labels } of selected) {
      if (metric === 'up') continue // Prometheus' own
      const name = metricOf(metric)
      expect(name, `${metric} is exported by no server`).toBeDefined()
      const own = labels.filter(label => !OF_PROMETHEUS.includes(label))
      if (metric.startsWith('waybill_')) expect(documented().get(name ?? '')?.labels ?? []).toEqual(expect.arrayContaining(own))
    }
  })

  it('shows every metric of ours', () => {
    const shown = new Set(expressions.flatMap(({ expr }) => selectedBy(expr).map(({ metric }) => metricOf(metric))))
    for (const name of exported.types.keys()) if (name.startsWith('waybill_')) expect(shown, `${name} is shown nowhere`).toContain(name)
  })

  it('is described in the reference: each metric of ours with its type and labels', () => {
    const ours = [...exported.types].filter(([name]) => name.startsWith('waybill_'))
    expect([...documented()].map(([name, { type }]) => [name, type]).toSorted()).toEqual(ours.toSorted())
    for (const { name, labels } of exported.samples) {
      const metric = metricOf(name)
      if (metric?.startsWith('waybill_') !== true) continue
      const known = documented().get(metric)?.labels ?? []
      expect([...known, 'le'], name).toEqual(expect.arrayContaining(Object.keys(labels)))
    }
  })
})

describe('the dashboard', () => {
  it('is one of a schema that Grafana takes, with panels that each have an id of their own', () => {
    expect(dashboard.schemaVersion).toBeGreaterThanOrEqual(36)
    expect(dashboard.uid).toBe('waybill')
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length)
    for (const { title, type, targets } of dashboard.panels) {
      expect(['row', 'stat', 'timeseries'], title).toContain(type)
      if (type !== 'row') expect(new Set(targets?.map(({ refId }) => refId)).size, title).toBe(targets?.length)
    }
  })

  it('has its panels within the 24 columns, none over another', () => {
    const cells = new Map<string, string>()
    for (const { title, gridPos } of dashboard.panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24)
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(cells.get(`${x} ${y}`), `${title} lies over another`).toBeUndefined()
          cells.set(`${x} ${y}`, title)
        }
      }
    }
  })

  it('knows every variable that it uses', () => {
    const known = new Set([...dashboard.templating.list.map(({ name }) => name), '__rate_interval'])
    const used = textOf('deploy/grafana/waybill.json').matchAll(/\$\{?([a-zA-Z_]+)/g)
    for (const [, name = ''] of used) expect(known).toContain(name)
  })
})

describe('what Prometheus is told', () => {
  it('scrapes with a token the address that there is', () => {
    const config = parse(textOf('deploy/prometheus.yml')) as {
      readonly rule_files: readonly string[]
      readonly scrape_configs: readonly {
        readonly job_name: string
        readonly metrics_path: string
        readonly authorization: object
        readonly static_configs: object
      }[]
    }
    expect(config.rule_files).toEqual(['alerts.yml'])
    expect(config.scrape_configs).toMatchObject([{ job_name: 'waybill', metrics_path: '/metrics', authorization: { type: 'Bearer' } }])
    const services = Object.keys((parse(textOf('compose.yaml')) as { readonly services: object }).services)
    const targets = config.scrape_configs.flatMap(({ static_configs }) =>
      (static_configs as { readonly targets: readonly string[] }[]).flatMap(one => one.targets),
    )
    const { port } = loadConfig({})
    for (const target of targets) expect(services.map(name => `${name}:${port}`)).toContain(target)
  })

  it('has rules with a severity and a sentence, each under a name of its own', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length)
    for (const { alert, labels, annotations } of rules) {
      expect(labels, alert).toHaveProperty('severity', expect.stringMatching(/^(warning|critical)$/))
      expect(annotations.summary.length, alert).toBeGreaterThan(10)
    }
  })
})
