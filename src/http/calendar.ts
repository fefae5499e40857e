/**
 * True when a written time (`YYYY-MM-DDThh:mm...`) stands in the calendar: `Date.parse` takes the 30th of February for the 2nd of March, and 24:00
 * for the next day.
 */
export function isInCalendar(text: string): boolean {
  const minute = `${text.slice(0, 10)}T${text.slice(11, 16)}`
  const ms = Date.parse(`${minute}Z`)
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(minute)
}
