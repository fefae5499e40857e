import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, expectTypeOf, it } from 'vitest'
import type { ServerEvent } from '../../../src/client/server-event.ts'
import type { ErrorCode, ItemState, JobChoices, Role } from '../../../src/client/types.ts'
import type { EntryWire } from '../../../src/http/v1/schemas/entry.ts'
import type { ItemWire, JobWire } from '../../../src/http/v1/schemas/job.ts'
import type { EntryInfo, ItemInfo, JobInfo } from '../../../src/client/types.ts'
import type * as errors from '../../../src/model/errors.ts'
import type * as collection from '../../../src/model/collection.ts'
import type { EventType } from '../../../src/model/event.ts'
import type * as item from '../../../src/model/item.ts'
import type * as job from '../../../src/model/job.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const run = (...args: string[]) => promisify(execFile)(process.execPath, args, { cwd: ROOT })

describe('the types of the client', () => {
  it('are those that docs/openapi.json describes; when they are meant to change: npm run --silent client-types > src/client/openapi.ts', async () => {
    await expect(run('scripts/client-types.ts', '--check')).resolves.toMatchObject({ stderr: '' })
  })

  it('have the words of the model and the shapes of the server', () => {
    expectTypeOf<ItemState>().toEqualTypeOf<item.ItemState>()
    expectTypeOf<Role>().toEqualTypeOf<collection.Role>()
    expectTypeOf<ErrorCode>().toEqualTypeOf<errors.ErrorCode>()
    expectTypeOf<JobChoices['kind']>().toEqualTypeOf<job.JobKind>()
    expectTypeOf<NonNullable<JobChoices['conflict']>>().toEqualTypeOf<job.Conflict>()
    expectTypeOf<ServerEvent['type']>().toEqualTypeOf<EventType | 'job.progress'>()
    // what the server sends fits what the client says of it
    expectTypeOf<JobWire>().toExtend<JobInfo>()
    expectTypeOf<ItemWire>().toExtend<ItemInfo>()
    expectTypeOf<EntryWire>().toExtend<EntryInfo>()
  })

  it('and all of its sources need nothing that browsers do not have', async () => {
    await expect(run('node_modules/typescript/bin/tsc', '-p', 'tsconfig.client.json')).resolves.toMatchObject({ stdout: '' })
  })
})
