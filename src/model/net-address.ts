import ipaddr from 'ipaddr.js'

/*
 * Which addresses the server may be told to call. What is not public is refused unless the operator has allowed it: behind a server lie machines that trust it, and the
 * metadata service of a cloud gives away its credentials (OWASP, Server Side Request Forgery Prevention).
 */

/** Addresses that are global unicast (RFC 4291 section 2.5.4, as IANA has given them out): all others are special, whatever their range is called. */
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3') as [ipaddr.IPv6, number]

type Address = ipaddr.IPv4 | ipaddr.IPv6

/** The address a text stands for; of one that maps an IPv4 address (::ffff:127.0.0.1) that one. Null for a text that is none. */
function addressOf(text: string): Address | null {
  const bare = text.replace(/^\[(.*)\]$/, '$1')
  if (!ipaddr.IPv4.isValidFourPartDecimal(bare) && !ipaddr.IPv6.isValid(bare)) return null
  return ipaddr.process(bare)
}

/** What is special about an address, in a word (`loopback`, `private`, `linkLocal`, ...); null for a public one. */
function specialty(address: Address): string | null {
  const range = address.range()
  if (range !== 'unicast') return range
  return address.kind() === 'ipv6' && !(address as ipaddr.IPv6).match(GLOBAL_UNICAST) ? 'reserved' : null
}

/** True for a text that can stand in the setting `webhookAllow`: an address, a network (CIDR), or the name of a host. */
export function isAllowable(text: string): boolean {
  return networkOf(text) !== null || /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/i.test(text)
}

function networkOf(text: string): [Address, number] | null {
  if (ipaddr.isValidCIDR(text)) return ipaddr.parseCIDR(text)
  const address = addressOf(text)
  return address === null ? null : [address, address.kind() === 'ipv4' ? 32 : 128]
}

/** Decides which hosts may be called. Whatever name a host goes by, it is its addresses that count, unless its name itself is allowed. */
export class AddressRules {
  readonly #networks: readonly [Address, number][]
  readonly #names: ReadonlySet<string>

  /** `allowed`: networks, addresses and names of hosts that may be called although they are not public. */
  constructor(allowed: readonly string[]) {
    this.#networks = allowed.map(networkOf).filter(network => network !== null)
    this.#names = new Set(allowed.filter(text => networkOf(text) === null).map(text => text.toLowerCase()))
  }

  /** Why an address that `host` stands for may not be called, or null. A text that is no address is refused. */
  refusal(host: string, text: string): string | null {
    if (this.#names.has(host.toLowerCase().replace(/\.$/, ''))) return null
    const address = addressOf(text)
    if (address === null) return `${text} is no address`
    const special = specialty(address)
    if (special === null || this.#networks.some(network => isWithin(address, network))) return null
    // what a name stands for is not told: whoever names hosts of the network behind the server would learn its addresses
    return addressOf(host) === null
      ? `${host} stands for an address that is not public (${special})`
      : `${address.toString()} is no public address (${special})`
  }

  /** The same of the host of a URL, when it is an address; a name is null, and looked at when it is called. */
  refusalOfHost(host: string): string | null {
    return addressOf(host) === null ? null : this.refusal(host, host.replace(/^\[(.*)\]$/, '$1'))
  }
}

function isWithin(address: Address, [network, bits]: [Address, number]): boolean {
  return address.kind() === network.kind() && address.match([network, bits] as never)
}
