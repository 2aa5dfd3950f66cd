import { lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** What is no address of the public internet: this host, private networks, link-local ones (a cloud's metadata), tests, multicast. */
const NOT_PUBLIC_V4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ...['192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24'],
  ...['224.0.0.0/4', '240.0.0.0/4'],
];
/** Of version 6 one part alone is public, less what documents use and what carries version 4 inside. */
const PUBLIC_V6 = '2000::/3';
const NOT_PUBLIC_V6 = ['2001::/32', '2001:db8::/32', '2002::/16', '3fff::/20'];
const LOOPBACK = ['127.0.0.0/8', '::1/128'];

const notPublic = blockOf([...NOT_PUBLIC_V4, ...NOT_PUBLIC_V6]);
const publicV6 = blockOf([PUBLIC_V6]);

/**
 * Where webhooks may be sent, so that nobody has the engine knock at doors of its own network: `public` (any address of the internet, by
 * https), `loopback`, and names, addresses or CIDR blocks that are allowed by name, to which http will do.
 */
export class EgressPolicy {
  private readonly open: boolean;
  private readonly loopback: boolean;
  private readonly names: ReadonlySet<string>;
  private readonly block: BlockList;

  constructor(words: readonly string[]) {
    this.open = words.includes('public');
    this.loopback = words.includes('loopback');
    const others = words.filter((word) => word !== 'public' && word !== 'loopback' && word !== 'none');
    const blocks = others.filter((word) => isIP(word.split('/', 1)[0] ?? '') !== 0);
    this.names = new Set(others.filter((word) => !blocks.includes(word)).map((word) => nameOf(word)));
    this.block = blockOf([...blocks, ...(this.loopback ? LOOPBACK : [])]);
  }

  /** Why nothing may be sent to this URL, as far as the URL itself tells; null where it may. */
  rejection(url: URL): string | null {
    if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'is neither https nor http';
    if (url.username !== '' || url.password !== '') return 'holds a login';
    const host = nameOf(url.hostname);
    if (isIP(host) !== 0)
      return this.permits(host, host, url.protocol === 'https:') ? null : 'is at an address that is not allowed';
    if (this.names.has(host) || (this.loopback && isLocalhost(host))) return null;
    if (!this.open) return 'is at a host that is not allowed';
    return url.protocol === 'https:' ? null : 'is http, and its host is none of those that are allowed by name';
  }

  /** Whether a host that turns out to be at this address may be sent to. */
  permits(host: string, address: string, secure: boolean): boolean {
    if (this.names.has(nameOf(host))) return true;
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (this.block.check(address, family)) return true;
    if (!this.open || !secure || notPublic.check(address, family)) return false;
    return family === 'ipv4' || publicV6.check(address, family);
  }

  /** Looks a name up for a connection, and gives the addresses that are allowed: asked at every connection, since a name may move. */
  lookup(secure: boolean): LookupFunction {
    return (host, options, done) =>
      lookup(host, { ...options, all: true }, (error, found) => {
        if (error !== null) {
          done(error, []);
          return;
        }
        const allowed = found.filter(({ address }) => this.permits(host, address, secure));
        const [first] = allowed;
        if (first === undefined) done(new Unreachable(`${host} is at an address that is not allowed`), []);
        else if (options.all === true) done(null, allowed);
        else done(null, first.address, first.family);
      });
  }
}

/** Where nothing is sent, whatever its name. */
export class Unreachable extends Error {}

/** As names are compared: without brackets, without the dot of the root. */
const nameOf = (host: string): string =>
  host
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');

const isLocalhost = (host: string): boolean => host === 'localhost' || host.endsWith('.localhost');

function blockOf(words: readonly string[]): BlockList {
  const block = new BlockList();
  for (const word of words) {
    const [address = '', prefix] = word.split('/', 2);
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (prefix === undefined) block.addAddress(address, family);
    else block.addSubnet(address, Number(prefix), family);
  }
  return block;
}
