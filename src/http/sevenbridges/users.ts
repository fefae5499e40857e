import type { FastifyInstance, FastifyRequest } from 'fastify'
import { callerOf } from '../auth.ts'
import { CODES } from './codes.ts'
import type { Context } from './context.ts'
import { Refusal } from './errors.ts'
import { pathOne } from './request.ts'
import { PREFIX } from './words.ts'

/** `GET /v2/user`: whom the token stands for. Of a subject only its name is known here; the other keys are empty. */
export function userRoutes(app: FastifyInstance, context: Context): void {
  app.get('/user', context.reads, async request => userObject(callerOf(request).subject, request))
  // the href of the object above, and nobody else's: who exists is not told
  app.get('/users/:username', context.reads, async request => {
    const name = pathOne(request, 'username')
    if (name !== callerOf(request).subject) throw new Refusal('entry_not_found', CODES.noSuchUser, `there is no user ${JSON.stringify(name.slice(0, 200))}`)
    return userObject(name, request)
  })

  function userObject(username: string, request: FastifyRequest): object {
    return {
      href: `${context.base(request)}${PREFIX}/users/${encodeURIComponent(username)}`,
      username,
      email: '',
      first_name: '',
      last_name: '',
      affiliation: '',
      phone: '',
      address: '',
      city: '',
      state: '',
      country: '',
      zip_code: '',
    }
  }
}
