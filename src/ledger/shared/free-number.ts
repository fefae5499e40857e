/**
 * Looks for the first number from `from` on that is not taken: by leaps, and then by halves. Yields the numbers it asks about, and is told of each whether it is
 * taken. Numbers are taken one after the other, so there are seldom gaps, and one that the leaps pass over stays; trying one after the other would make many
 * files of one name cost the square of their number.
 */
export function* firstFree(from: number): Generator<number, number, boolean> {
  let taken = from - 1
  let free = from
  for (let leap = 1; yield free; leap *= 2) {
    taken = free
    free += leap
  }
  while (free - taken > 1) {
    const middle = Math.floor((free + taken) / 2)
    if (yield middle) taken = middle
    else free = middle
  }
  return free
}
