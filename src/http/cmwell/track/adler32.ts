const BASE = 65_521

/** The checksum of RFC 1950, section 8.2. */
export function adler32(bytes: Uint8Array): number {
  let [low, high] = [1, 0]
  for (const byte of bytes) {
    low = (low + byte) % BASE
    high = (high + low) % BASE
  }
  return high * 65_536 + low
}
