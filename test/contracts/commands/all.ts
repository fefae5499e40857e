import type { Command } from './command.ts'
import { Age, Purge, Reopen, SetClock } from './disturbances.ts'
import { Grant, Lock, Put, Remove } from './entries.ts'
import { Retry, Steer, Submit } from './jobs.ts'
import { Apply, Expire, Hold, LeaseChunk, Work } from './leases.ts'
import type { Operation } from './operations.ts'

/** The command that does an operation. */
export function commandOf(operation: Operation): Command {
  switch (operation.op) {
    case 'submit':
      return new Submit(operation)
    case 'cancel':
    case 'pause':
    case 'resume':
      return new Steer(operation)
    case 'retry':
      return new Retry(operation)
    case 'work':
      return new Work(operation)
    case 'lease':
      return new LeaseChunk(operation)
    case 'apply':
      return new Apply(operation)
    case 'release':
    case 'renew':
      return new Hold(operation)
    case 'expire':
      return new Expire(operation)
    case 'put':
      return new Put(operation)
    case 'remove':
      return new Remove(operation)
    case 'lock':
    case 'unlock':
      return new Lock(operation)
    case 'lose':
    case 'regain':
      return new Grant(operation)
    case 'crash':
    case 'restart':
      return new Reopen(operation)
    case 'set':
      return new SetClock(operation)
    case 'age':
      return new Age(operation)
    case 'purge':
      return new Purge(operation)
  }
}
