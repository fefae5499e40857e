/**
 * The directions of imports (ARCHITECTURE.md): model <- ports <- engine <- http, cli; adapters know ports and model; main.ts alone knows every adapter.
 * A room's rule lists what it may import; everything else of ours is forbidden to it.
 */
const ADAPTERS = '^src/(ledger|stores|queue|access|observability)/'

/** One room may import only these of our own sources. `$1` in `allowed` is the first group of `room`. */
const room = (name, room, allowed, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path: room },
  to: { path: '^(src|test|bench|scripts|console)/', pathNot: allowed },
})

module.exports = {
  forbidden: [
    room('model-is-pure', '^src/model/', ['^src/model/'], 'model imports nothing of ours'),
    room('ports-know-model', '^src/ports/', ['^src/(model|ports)/'], 'ports import model only'),
    room('engine-knows-ports', '^src/engine/', ['^src/(model|ports|engine)/'], 'engine imports ports and model only'),
    room(
      'adapters-know-ports',
      '^src/((ledger|stores|queue)/[^/]+|access)/',
      ['^src/(model|ports)/', '^src/$1/', '^src/$2/(shared/)?[^/]+\\.ts$'],
      'an adapter imports ports, model and what adapters of its port share, never another adapter',
    ),
    room(
      'adapters-share',
      '^src/(ledger|stores|queue)/(shared/)?[^/]+$',
      ['^src/(model|ports)/', '^src/$1/(shared/)?[^/]+$'],
      'what adapters of one port share knows ports and model',
    ),
    room('observability-knows-ports', '^src/observability/', ['^src/(model|ports|observability)/'], 'observers know ports and model'),
    room('http-knows-engine', '^src/http/', ['^src/(model|ports|engine|http)/'], 'http imports engine, ports and model'),
    room(
      'dialects-are-apart',
      '^src/http/(v1|apollo|sevenbridges)/',
      ['^src/(model|ports|engine)/', '^src/http/[^/]+$', '^src/http/$1/'],
      'a dialect never imports another',
    ),
    room(
      'client-stands-alone',
      '^src/client/',
      ['^src/client/'],
      'the client speaks HTTP, and nothing of ours runs in it; its types are made from the OpenAPI document',
    ),
    {
      name: 'client-runs-in-browsers',
      severity: 'error',
      comment: 'what only Node has, and packages that need it, stay out of the client',
      from: { path: '^src/client/' },
      to: { path: '.', pathNot: ['^src/', '^node_modules/@noble/hashes/'] },
    },
    room('console-speaks-http', '^console/', ['^console/', '^src/(client|model)/'], 'the console speaks HTTP; of src it takes only types of the client'),
    {
      name: 'console-takes-types-only',
      severity: 'error',
      comment: 'nothing of the server runs in a browser',
      from: { path: '^console/' },
      to: { path: '^src/', dependencyTypesNot: ['type-only'] },
    },
    room(
      'cli-knows-client',
      '^src/cli/',
      ['^src/(client|model|cli)/', '^src/(main|administration|config|doctor|restore)\\.ts$', '^src/access/tokens\\.ts$', '^src/system/version\\.ts$'],
      'the command line imports client, model, main, administration, config, doctor, restore, access/tokens and system/version',
    ),
    {
      name: 'only-main-knows-adapters',
      severity: 'error',
      comment:
        'adapters are composed in src/main.ts, the stores for it in src/open-stores.ts, the ledger alone in src/administration.ts; tests and benches may use them too',
      from: { path: '^src/', pathNot: ['^src/(main|open-stores|administration)\\.ts$', ADAPTERS, '^src/cli/'] },
      to: { path: ADAPTERS },
    },
    {
      name: 'product-knows-no-tests',
      severity: 'error',
      comment: 'src never imports tests, benches or scripts, nor development packages',
      from: { path: '^src/' },
      to: { path: '^(test|bench|scripts|console)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-development-packages',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: '/@types/' },
    },
    {
      name: 'libraries-of-services-stay-in-their-stores',
      severity: 'error',
      comment: 'they are large, and loaded only for a store that needs them',
      from: { path: '^src/', pathNot: '^src/stores/(s3|azure)/' },
      to: { path: 'node_modules/@(aws-sdk|smithy|azure)/' },
    },
    {
      name: 'stores-are-loaded-when-configured',
      severity: 'error',
      comment: 'src/open-stores.ts imports a store of a service only when it opens one',
      from: { path: '^src/open-stores\\.ts$' },
      to: { path: '^src/stores/', dependencyTypesNot: ['dynamic-import', 'type-only'] },
    },
    {
      name: 'libraries-of-observers-stay-there',
      severity: 'error',
      comment: 'engine, ledgers and stores tell the port src/ports/observer.ts, and know no library of metrics or traces',
      from: { path: '^src/', pathNot: '^src/observability/' },
      to: { path: 'node_modules/(prom-client|@opentelemetry)/' },
    },
    {
      name: 'traces-are-loaded-when-wanted',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/observability/traces\\.ts$' },
      to: { path: '^src/observability/(traces|metrics-observer)\\.ts$|node_modules/@opentelemetry/', dependencyTypesNot: ['dynamic-import', 'type-only'] },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
}
