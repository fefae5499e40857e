/** The whole number that a variable of the environment says, or the usual one. What is no such number is an error: a run that took it for another would pass. */
export function toldNumber(variable: string, usual: number, least = 1): number {
  const told = process.env[variable]
  if (told === undefined) return usual
  const number = /^\d+$/.test(told) ? Number(told) : Number.NaN
  if (Number.isSafeInteger(number) && number >= least) return number
  throw new Error(`${variable} is a whole number from ${least} on, not "${told}"`)
}
