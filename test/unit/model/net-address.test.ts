import { describe, expect, it } from 'vitest'
import { AddressRules, isAllowable } from '../../../src/model/net-address.ts'

const NONE = new AddressRules([])
/** As a URL has the host. */
const hostOf = (text: string): string => new URL(`http://${text}/`).hostname

describe('addresses that may be called', () => {
  it.each([
    ['127.0.0.1', 'loopback'],
    ['0x7f.1', 'loopback'],
    ['2130706433', 'loopback'],
    ['0177.0.0.1', 'loopback'],
    ['0', 'unspecified'],
    ['10.1.2.3', 'private'],
    ['172.31.0.1', 'private'],
    ['192.168.1.1', 'private'],
    ['169.254.169.254', 'linkLocal'],
    ['100.64.0.1', 'carrierGradeNat'],
    ['198.18.0.1', 'reserved'],
    ['224.0.0.1', 'multicast'],
    ['255.255.255.255', 'broadcast'],
    ['240.0.0.1', 'reserved'],
    ['[::1]', 'loopback'],
    ['[::]', 'unspecified'],
    ['[::ffff:127.0.0.1]', 'loopback'],
    ['[::ffff:a9fe:a9fe]', 'linkLocal'],
    ['[::127.0.0.1]', 'reserved'],
    ['[fe80::1]', 'linkLocal'],
    ['[fd00:ec2::254]', 'uniqueLocal'],
    ['[ff02::1]', 'multicast'],
    ['[64:ff9b::7f00:1]', 'rfc6052'],
    ['[2002:7f00:1::]', '6to4'],
    ['[2001:db8::1]', 'reserved'],
  ])('not %s: %s', (host, special) => {
    expect(NONE.refusalOfHost(hostOf(host))).toMatch(new RegExp(` is no public address \\(${special}\\)$`))
  })

  it.each(['8.8.8.8', '[2606:4700::1111]', '[::ffff:8.8.8.8]', 'example.org'])('%s', host => {
    expect(NONE.refusalOfHost(hostOf(host))).toBeNull()
  })

  it('are asked of what a name stands for, whatever the name is', () => {
    expect(NONE.refusal('hooks.example.org', '10.0.0.1')).toMatch(/private/)
    expect(NONE.refusal('hooks.example.org', '::ffff:10.0.0.1')).toMatch(/private/)
    expect(NONE.refusal('hooks.example.org', '93.184.215.14')).toBeNull()
    expect(NONE.refusal('hooks.example.org', 'fe80::1%eth0')).not.toBeNull()
    // whoever names a host of the network behind the server does not learn its address
    expect(NONE.refusal('database', '10.0.0.1')).toBe('database stands for an address that is not public (private)')
    expect(NONE.refusal('hooks.example.org', 'nonsense')).toBe('nonsense is no address')
  })

  it('are those that were allowed, too: by address, by network, by the name of the host', () => {
    const rules = new AddressRules(['10.2.0.0/16', '127.0.0.1', 'fd00::/8', 'Hooks.internal'])
    expect(rules.refusalOfHost('10.2.3.4')).toBeNull()
    expect(rules.refusalOfHost('10.3.0.1')).not.toBeNull()
    expect(rules.refusalOfHost(hostOf('[::ffff:127.0.0.1]'))).toBeNull()
    expect(rules.refusalOfHost('127.0.0.2')).not.toBeNull()
    expect(rules.refusalOfHost(hostOf('[fd12::1]'))).toBeNull()
    expect(rules.refusal('hooks.internal.', '192.168.0.1')).toBeNull()
    expect(rules.refusal('other.internal', '192.168.0.1')).not.toBeNull()
  })

  it('can be named in the setting', () => {
    for (const good of ['10.0.0.0/8', '::1', 'fd00::/8', 'localhost', 'a.b-c.example']) expect(isAllowable(good), good).toBe(true)
    for (const bad of ['', '10.0.0.0/40', 'http://a', 'a b', '-a', '*']) expect(isAllowable(bad), bad).toBe(false)
  })
})
