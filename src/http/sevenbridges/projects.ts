import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Caller } from '../../model/access.ts'
import type { CollectionView } from '../../model/collection.ts'
import { allPages } from '../../model/page.ts'
import { callerOf } from '../auth.ts'
import { jsonObjectOf } from '../json-body.ts'
import { CODES } from './codes.ts'
import type { Context } from './context.ts'
import { badRequest, withLines } from './errors.ts'
import { tagsOf } from './file-object.ts'
import { checkProject, pathOne, queryAll, queryOne, textOf } from './request.ts'
import { isProjectId, ownerOf, shortNameOf } from './ids.ts'
import { openList, windowOf } from './page.ts'
import { projectObject } from './project-object.ts'
import type { ProjectObject } from './project-object.ts'
import { PREFIX } from './words.ts'

const PAGE = 1000
const LINES = { insufficient_role: CODES.projectForbidden }

/** `/v2/projects`: list, get, create, change. A project is an addressable collection whose id has the form `owner/name`. */
export function projectRoutes(app: FastifyInstance, context: Context): void {
  const { engine, reads, writes } = context
  // the official client asks with a slash at the end when it names no owner
  for (const url of ['/projects', '/projects/']) app.get(url, reads, async (request, reply) => list(request, reply, null))
  app.get('/projects/:owner', reads, async (request, reply) => {
    const owner = pathOne(request, 'owner')
    // some clients encode the slash within the id
    return owner.includes('/') ? get(request, owner) : list(request, reply, ownerOf(owner))
  })
  app.get('/projects/:owner/:name', reads, async request => get(request, idOf(request)))
  app.post('/projects', writes, create)
  app.patch('/projects/:owner/:name', writes, change)

  /** Offsets want to know how many there are, so all of the caller's projects are gone through. */
  async function list(request: FastifyRequest, reply: FastifyReply, owner: string | null): Promise<object> {
    const window = windowOf(request)
    const wanted = filterOf(request)
    const page: ProjectObject[] = []
    let total = 0
    for await (const project of projectsOf(callerOf(request), owner)) {
      if (!wanted(project)) continue
      if (total >= window.offset && page.length < window.limit) page.push(projectObject(project, context.base(request)))
      total += 1
    }
    return { ...openList(request, reply, context.services, window, total), items: page }
  }

  async function get(request: FastifyRequest, id: string): Promise<ProjectObject> {
    const project = await withLines(engine.collections.get(callerOf(request), checkProject(id, CODES.malformedProject)), LINES)
    return projectObject(project, context.base(request))
  }

  /** The owner is the caller, and the id is made of the name. */
  async function create(request: FastifyRequest, reply: FastifyReply): Promise<ProjectObject> {
    const body = jsonObjectOf(request.body)
    const name = textOf(body, 'name')
    if (name === null) throw badRequest(CODES.badRequest, 'name is missing; give the name of the new project')
    const short = shortNameOf(name)
    if (short === '') throw badRequest(CODES.badRequest, `name ${JSON.stringify(name)} has no letter from a to z and no digit to make the id of`)
    const caller = callerOf(request)
    const wish = { id: `${ownerOf(caller.subject)}/${short}`, name, attributes: attributesIn(body), addressable: true }
    const project = projectObject(await engine.collections.create(caller, wish), context.base(request))
    reply.code(201).header('location', `${context.base(request)}${PREFIX}/projects/${project.id}`)
    return project
  }

  async function change(request: FastifyRequest): Promise<ProjectObject> {
    const body = jsonObjectOf(request.body)
    const name = textOf(body, 'name')
    const caller = callerOf(request)
    const id = idOf(request)
    await withLines(engine.collections.update(caller, id, { ...(name === null ? {} : { name }), attributes: attributesIn(body) }), LINES)
    return projectObject(await engine.collections.get(caller, id), context.base(request))
  }

  async function* projectsOf(caller: Caller, owner: string | null): AsyncGenerator<CollectionView> {
    const filter = owner === null ? {} : { prefix: `${owner}/` }
    for await (const page of allPages(from => engine.collections.list(caller, filter, { limit: PAGE, ...from }))) {
      for (const collection of page.items) if (collection.addressable && isProjectId(collection.id)) yield collection
    }
  }
}

/** `name`: any of them is part of the project's name, in any letter case. `tags`: it has one of them. `category`: all of ours are private. */
function filterOf(request: FastifyRequest): (project: CollectionView) => boolean {
  const names = queryAll(request, 'name').map(name => name.toLowerCase())
  const tags = queryAll(request, 'tags')
  const category = queryOne(request, 'category')?.toLowerCase() ?? 'private'
  return ({ name, attributes }) => {
    if (category !== 'private') return false
    if (names.length > 0 && !names.some(part => name.toLowerCase().includes(part))) return false
    return tags.length === 0 || tagsOf(attributes).some(tag => tags.includes(tag))
  }
}

/** What is kept of a body as attributes, with its type checked. Null, which the official client sends for a group it was not given, is not said. */
function attributesIn(body: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const attributes: Record<string, unknown> = {}
  for (const key of ['description', 'billing_group']) {
    const text = textOf(body, key)
    if (text !== null) attributes[key] = text
  }
  const { tags, settings } = body
  if (tags !== undefined && tags !== null) {
    if (!Array.isArray(tags) || !tags.every(tag => typeof tag === 'string')) throw badRequest(CODES.badRequest, 'tags must be an array of strings')
    attributes.tags = tags
  }
  if (settings !== undefined && settings !== null) {
    if (typeof settings !== 'object' || Array.isArray(settings)) throw badRequest(CODES.badRequest, 'settings must be an object')
    attributes.settings = settings
  }
  return attributes
}

function idOf(request: FastifyRequest): string {
  return `${pathOne(request, 'owner')}/${pathOne(request, 'name')}`
}
