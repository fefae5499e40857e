import { defineConfig } from 'eslint/config'
import tseslint from 'typescript-eslint'

/** Shapes that lose an error or leave a test out; each says what to do instead. */
const forbidden = [
  { selector: 'CatchClause > BlockStatement[body.length=0]', message: 'An error must not vanish: inspect it, and say why it may be ignored.' },
  {
    selector: 'CallExpression[callee.property.name="catch"] > ArrowFunctionExpression > BlockStatement[body.length=0]',
    message: 'An error must not vanish: inspect it, and say why it may be ignored.',
  },
  {
    selector: 'CallExpression[callee.property.name="catch"] > ArrowFunctionExpression[params.length=0][body.type=/^(Identifier|Literal)$/]',
    message: 'An error must not vanish: inspect it, and say why it may be ignored.',
  },
  {
    selector: 'MemberExpression[object.name=/^(it|test|describe)$/][property.name=/^(skip|only|todo|skipIf|runIf|fails)$/]',
    message: 'Every test runs, always: remove the modifier or the test.',
  },
  {
    selector: 'AssignmentExpression[operator!="="][right.type="AwaitExpression"]',
    message: 'The left side is read before the wait and written after it: changes made meanwhile are lost. Await first, then add.',
  },
  { selector: 'TSEnumDeclaration', message: 'Only erasable syntax: use a const array or object.' },
]

export default defineConfig(
  { ignores: ['node_modules/', 'dist/', '.cache/', 'data/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    rules: {
      'max-lines': ['error', { max: 400 }],
      'no-restricted-syntax': ['error', ...forbidden],
      'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx'], location: 'start' }],
      'no-empty': ['error', { allowEmptyCatch: false }],
      'no-control-regex': 'error',
      'no-constant-condition': ['error', { checkLoops: 'allExceptWhileTrue' }],
      'no-debugger': 'error',
      'no-dupe-else-if': 'error',
      'no-duplicate-case': 'error',
      'no-self-assign': 'error',
      'no-unreachable': 'error',
      'no-unsafe-finally': 'error',
      'no-useless-escape': 'error',
      'no-useless-catch': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'preserve-caught-error': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
    },
  },
  // each method of the ledger is three lines here that hand it on: that is long, and one idea
  { files: ['src/ledger/*/*-ledger.ts'], rules: { 'max-lines': ['error', { max: 480 }] } },
  {
    // a line or three for each method of the port, and nothing else
    files: ['src/ledger/*/*-ledger.ts'],
    rules: { 'max-lines': ['error', { max: 500 }] },
  },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.base],
    languageOptions: { parserOptions: { project: ['./tsconfig.json', './console/tsconfig.json'], tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/return-await': ['error', 'in-try-catch'],
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/prefer-promise-reject-errors': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unsafe-return': 'error',
      '@typescript-eslint/no-unnecessary-type-assertion': 'error',
      '@typescript-eslint/no-base-to-string': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'all' }],
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/ban-ts-comment': 'error',
    },
  },
)
