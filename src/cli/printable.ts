/** Text as it may be shown on a terminal: control and direction-changing characters become a replacement mark. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, '\ufffd')
}
