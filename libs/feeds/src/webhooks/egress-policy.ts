import { lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/** The only block of IPv6 from which public addresses are assigned. */
const PUBLIC_V6 = ipaddr.IPv6.parseCIDR('2000::/3');
const LOOPBACK = ['127.0.0.0/8', '::1/128'];

/**
 * Which addresses webhooks may be sent to, so that no registered URL makes the engine send requests into its own network. Each entry of the setting allows
 * something: `public` (https to any address of the internet), `loopback` (this machine), or a host name, an address or a CIDR block, to which
 * http is allowed too.
 */
export class EgressPolicy {
  private readonly allowsPublic: boolean;
  private readonly allowsLoopback: boolean;
  private readonly hostNames: ReadonlySet<string>;
  private readonly blocks: BlockList;

  constructor(entries: readonly string[]) {
    this.allowsPublic = entries.includes('public');
    this.allowsLoopback = entries.includes('loopback');
    const others = entries.filter((entry) => entry !== 'public' && entry !== 'loopback' && entry !== 'none');
    const blocks = others.filter((entry) => isIP(entry.split('/', 1)[0] ?? '') !== 0);
    this.hostNames = new Set(others.filter((entry) => !blocks.includes(entry)).map(normalizedHost));
    this.blocks = blockList([...blocks, ...(this.allowsLoopback ? LOOPBACK : [])]);
  }

  /** Why nothing may be sent to this URL, as far as the URL itself shows; null where it is allowed. */
  rejection(url: URL): string | null {
    if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must begin with https: or http:';
    if (url.username !== '' || url.password !== '') return 'must not contain a login';
    const host = normalizedHost(url.hostname);
    if (isIP(host) !== 0)
      return this.permits(host, host, url.protocol === 'https:') ? null : 'has an address that is not allowed';
    if (this.hostNames.has(host) || (this.allowsLoopback && isLocalhost(host))) return null;
    if (!this.allowsPublic) return 'has a host that is not allowed';
    return url.protocol === 'https:' ? null : 'must be https, because its host is not allowed by name';
  }

  /** Whether messages may be sent to a host that has this address. */
  permits(host: string, address: string, secure: boolean): boolean {
    if (this.hostNames.has(normalizedHost(host))) return true;
    if (this.blocks.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')) return true;
    return this.allowsPublic && secure && isPublic(address);
  }

  /** Looks a host name up and returns its allowed addresses. It is called at every connection, because the addresses of a name may change. */
  lookup(secure: boolean): LookupFunction {
    return (host, options, done) =>
      lookup(host, { ...options, all: true }, (error, found) => {
        if (error !== null) {
          done(error, []);
          return;
        }
        const allowed = found.filter(({ address }) => this.permits(host, address, secure));
        const [first] = allowed;
        if (first === undefined) done(new EgressDenied(`${host} has an address that is not allowed`), []);
        else if (options.all === true) done(null, allowed);
        else done(null, first.address, first.family);
      });
  }
}

/** The policy does not allow the address. */
export class EgressDenied extends Error {}

/** `unicast` leaves out private, local, reserved and multicast addresses, and those that carry an IPv4 address inside. */
function isPublic(text: string): boolean {
  const address = ipaddr.parse(text);
  if (address.range() !== 'unicast') return false;
  return !(address instanceof ipaddr.IPv6) || address.match(PUBLIC_V6);
}

/** A host for comparison: lower case, without brackets, without a trailing dot. */
const normalizedHost = (host: string): string =>
  host
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');

const isLocalhost = (host: string): boolean => host === 'localhost' || host.endsWith('.localhost');

function blockList(entries: readonly string[]): BlockList {
  const blocks = new BlockList();
  for (const entry of entries) {
    const [address = '', prefix] = entry.split('/', 2);
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (prefix === undefined) blocks.addAddress(address, family);
    else blocks.addSubnet(address, Number(prefix), family);
  }
  return blocks;
}
