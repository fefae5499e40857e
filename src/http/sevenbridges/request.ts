import type { FastifyRequest } from 'fastify'
import { textFault } from '../../model/text.ts'
import type { Code } from './codes.ts'
import { CODES } from './codes.ts'
import { badRequest } from './errors.ts'
import { isProjectId, projectOfRoot } from './ids.ts'

/** Longest name of a file or folder, in characters. */
const MOST_NAME = 255

/** A place for files as requests name it: the root of a project, or a folder by its id. */
export type Place = { readonly project: string } | { readonly folder: string }

type Members = Readonly<Record<string, unknown>>

/** All values of a query parameter, the empty ones left out. */
export function queryAll(request: FastifyRequest, name: string): string[] {
  const value = (request.query as Record<string, string | string[] | undefined>)[name]
  return [value ?? []].flat().filter(text => text !== '')
}

/** One query parameter, or null when it is absent or empty; a 400 when it is given twice. */
export function queryOne(request: FastifyRequest, name: string): string | null {
  const values = queryAll(request, name)
  if (values.length > 1) throw badRequest(CODES.badRequest, `${name} is given more than once; give it once`)
  return values[0] ?? null
}

/** A member of a body that is text, or null: an empty string and null count as absent, as in the documents' samples. `where` begins the refusal. */
export function textOf(body: Members, name: string, where = ''): string | null {
  const value = body[name] ?? ''
  if (typeof value !== 'string') throw badRequest(CODES.badSyntax, `${where}${name} must be a string`)
  return value === '' ? null : value
}

/** The place that `project` or `parent` of a body names: exactly one of them. */
export function placeOf(body: Members, where = ''): Place {
  const project = textOf(body, 'project', where)
  const parent = textOf(body, 'parent', where)
  if (project !== null && parent !== null) throw badRequest(CODES.twoPlaces, `${where}project and parent are both given; give one of them`)
  if (project !== null) return { project: checkProject(project, CODES.malformedProject, where) }
  if (parent === null) throw badRequest(CODES.noPlace, `${where}project and parent are both missing; give one of them`)
  return folderPlace(parent)
}

/** The place that a folder id stands for: of a root folder's id, its project. */
export function folderPlace(id: string): Place {
  const root = projectOfRoot(id)
  return root === null ? { folder: id } : { project: root }
}

/** Refuses what cannot be a project's id, with this line of the table. */
export function checkProject(id: string, line: Code, where = ''): string {
  if (isProjectId(id)) return id
  throw badRequest(line, `${where}project ${JSON.stringify(id.slice(0, 140))} is not the id of a project; ids have the form owner/project`)
}

/** Refuses a name that no file or folder can have. */
export function checkName(name: string, line: Code, where = ''): string {
  const fault = nameFault(name)
  if (fault !== null) throw badRequest(line, `${where}name ${fault}`)
  return name
}

function nameFault(name: string): string | null {
  if (name.length > MOST_NAME) return `has ${name.length} characters; at most ${MOST_NAME} are allowed`
  if (name.includes('/')) return 'holds a "/"; name the folder with parent'
  return name === '.' || name === '..' ? `is ${name}, which is no name` : textFault(name)
}

/** One parameter of the path. */
export function pathOne(request: FastifyRequest, name: string): string {
  return (request.params as Record<string, string>)[name] ?? ''
}
