/** RFC 9110 section 8.3.1, loosely: type "/" subtype, parameters perhaps. Nothing in it can break a header. */
const MEDIA_TYPE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+\/[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:[ \t]*;[\x20-\x7e\t]*)?$/
const MOST_TYPE = 255

/** True for a media type that can stand in a Content-Type: of at most 255 characters. */
export function isMediaType(type: string): boolean {
  return type.length <= MOST_TYPE && MEDIA_TYPE.test(type)
}

/** Says what is wrong with a media type, or null when it can stand in a Content-Type. */
export function mediaTypeFault(type: string): string | null {
  return isMediaType(type) ? null : `must be a media type such as text/plain; charset=utf-8, of at most ${MOST_TYPE} characters of ASCII`
}
