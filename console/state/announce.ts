/** The element that screen readers read out when it changes (index of the page's frame has it). */
export const LIVE_REGION = 'announcements'

/** Says a change of state to who does not see it. */
export function announce(sentence: string): void {
  const region = document.getElementById(LIVE_REGION)
  if (region !== null && region.textContent !== sentence) region.textContent = sentence
}
