import { ITEM_STATES, type ItemState } from '../../model/item.ts'

/** States as a set in one number, a bit each. */
export function maskOf(states: readonly ItemState[]): number {
  return states.reduce((mask, state) => mask | (1 << ITEM_STATES.indexOf(state)), 0)
}

/** The states of such a set. */
export function statesOf(mask: number): ItemState[] {
  return ITEM_STATES.filter((_, n) => (mask & (1 << n)) !== 0)
}
