// A million rows are higher than a browser lets an element be. The scrolled element is as high as it may, and stands for a taller one: a short way
// scrolls it by just that way, a long one (the bar is dragged) goes to the place in proportion. As in SlickGrid, whose way of doing it this is.

/** Firefox's limit is some 17 million pixels, that of others is higher. */
const MOST_PIXELS = 8_000_000

/** Where the view is: `offset` is what lies between the tall element and the scrolled one, `scrollTop` the scrolled one's own. */
export interface ScrollPlace {
  readonly offset: number
  readonly scrollTop: number
}

export class ScrollMap {
  readonly #tall: number
  readonly #view: number
  /** The height of the scrolled element, in pixels. */
  readonly height: number
  readonly #page: number
  readonly #pages: number
  readonly #shift: number

  /** `tall`: the height of all rows, `view`: that of what is seen of them, in pixels. */
  constructor(tall: number, view: number, most = MOST_PIXELS) {
    this.#tall = tall
    this.#view = view
    this.height = Math.min(tall, most)
    this.#page = this.height / 100
    this.#pages = Math.max(1, Math.floor(tall / this.#page))
    this.#shift = this.#pages > 1 ? (tall - this.height) / (this.#pages - 1) : 0
  }

  /** What of the tall element is at the upper edge of the view. */
  static top({ offset, scrollTop }: ScrollPlace): number {
    return offset + scrollTop
  }

  /** The place that shows `top` of the tall element. */
  at(top: number): ScrollPlace {
    const clamped = Math.min(Math.max(0, top), Math.max(0, this.#tall - this.#view))
    const page = Math.min(this.#pages - 1, Math.floor(clamped / this.#page))
    const offset = Math.round(page * this.#shift)
    return { offset, scrollTop: Math.round(clamped - offset) }
  }

  /** The place after the element was scrolled to `scrollTop`. Its own `scrollTop` may differ: then the element is to be set to it. */
  scrolled(before: ScrollPlace, scrollTop: number): ScrollPlace {
    if (this.#tall === this.height) return { offset: 0, scrollTop }
    if (Math.abs(scrollTop - before.scrollTop) < this.#view) return this.at(before.offset + scrollTop)
    const scrollable = Math.max(1, this.height - this.#view)
    return { ...this.at((scrollTop / scrollable) * (this.#tall - this.#view)) }
  }
}
