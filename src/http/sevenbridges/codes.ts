import type { ErrorCode } from '../../model/errors.ts'

/** A line of the dialect's table of API status codes: its number, and the HTTP status that goes with it. */
export interface Code {
  readonly number: number
  readonly status: number
}

/** The lines of the table that are used here, by what they say. */
export const CODES = {
  rateLimited: { number: 1000, status: 429 },
  noSuchUser: { number: 2002, status: 404 },
  projectForbidden: { number: 3001, status: 403 },
  noSuchProject: { number: 3002, status: 404 },
  malformedProject: { number: 3012, status: 400 },
  fileForbidden: { number: 5001, status: 403 },
  noSuchFile: { number: 5002, status: 404 },
  fileExists: { number: 5003, status: 409 },
  fileIdEmpty: { number: 5004, status: 400 },
  malformedProjectParameter: { number: 5005, status: 400 },
  copyForbidden: { number: 5014, status: 403 },
  foldersNotCopied: { number: 5018, status: 400 },
  parentIsNoFolder: { number: 5022, status: 400 },
  badName: { number: 5024, status: 400 },
  noSuchParent: { number: 5026, status: 404 },
  noPlace: { number: 5029, status: 400 },
  folderExists: { number: 5030, status: 409 },
  twoPlaces: { number: 5031, status: 400 },
  badFileRequest: { number: 5033, status: 400 },
  noSuchJob: { number: 10211, status: 404 },
  noSuchDestination: { number: 10213, status: 404 },
  destinationForbidden: { number: 10221, status: 403 },
  noSuchDestinationFolder: { number: 10222, status: 404 },
  destinationIsNoFolder: { number: 10227, status: 400 },
  intoItself: { number: 10229, status: 400 },
  noItems: { number: 10230, status: 400 },
  badSyntax: { number: 10232, status: 400 },
  badFileName: { number: 10235, status: 400 },
  badFolderName: { number: 10236, status: 400 },
  badRequest: { number: 90000, status: 400 },
  unauthorized: { number: 90001, status: 401 },
  forbidden: { number: 90002, status: 403 },
  notFound: { number: 90003, status: 404 },
  unexpected: { number: 90004, status: 500 },
  unavailable: { number: 90005, status: 503 },
  badMethod: { number: 90006, status: 405 },
  conflict: { number: 90007, status: 409 },
  badMediaType: { number: 90008, status: 415 },
  undecodable: { number: 90009, status: 400 },
  bulkUnknown: { number: 90010, status: 501 },
} as const satisfies Record<string, Code>

/** What an error of the catalogue is here, where its place says nothing more exact. */
const OF_CATALOGUE: Partial<Record<ErrorCode, Code>> = {
  invalid_json: CODES.undecodable,
  collection_not_found: CODES.noSuchProject,
  invalid_collection_id: CODES.malformedProject,
  entry_not_found: CODES.noSuchFile,
  job_not_found: CODES.noSuchJob,
  // the documents know no 410: what is told of an expired job is its message
  job_expired: CODES.noSuchJob,
  rate_limited: CODES.rateLimited,
  quota_in_use: CODES.rateLimited,
  precondition_failed: CODES.conflict,
  locked: CODES.conflict,
  out_of_space: CODES.unavailable,
}

/** The general lines, by HTTP status. Nothing is ever number 0: clients take a 503 with it for maintenance and sleep for five minutes. */
const OF_STATUS: Readonly<Record<number, Code>> = {
  401: CODES.unauthorized,
  403: CODES.forbidden,
  404: CODES.notFound,
  405: CODES.badMethod,
  409: CODES.conflict,
  415: CODES.badMediaType,
  500: CODES.unexpected,
  503: CODES.unavailable,
}

/** The line for an error of the catalogue whose own HTTP status is `status`. */
export function codeOf(code: ErrorCode, status: number): Code {
  return OF_CATALOGUE[code] ?? OF_STATUS[status] ?? { number: status >= 500 ? CODES.unexpected.number : CODES.badRequest.number, status }
}
