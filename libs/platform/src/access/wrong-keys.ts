import { isIPv6 } from 'node:net';
import type { Clock } from '../clock.js';

/** Wrong keys of an address in a minute, by default; the next one is answered with 429. */
const PER_MINUTE = 20;
const WINDOW_MS = 60_000;
/** Addresses that are counted apart; beyond them, all further ones of the minute share one count. */
const ADDRESSES_MAX = 50_000;
const OTHERS = 'others';

/** Counts wrong keys by address, minute by minute. An IPv6 client has 2^64 addresses: its network is counted. */
export class WrongKeys {
  private readonly counts = new Map<string, number>();
  private windowStart = -Infinity;

  constructor(
    private readonly clock: Clock,
    private readonly perMinute = PER_MINUTE,
  ) {}

  /** Counts a wrong key. Returns after how many whole seconds the address may try again, or null where it may at once. */
  count(address: string): number | null {
    const now = this.clock.now();
    // A clock that was set back begins a new minute too.
    if (now - this.windowStart >= WINDOW_MS || now < this.windowStart) {
      this.counts.clear();
      this.windowStart = now;
    }
    const network = networkOf(address);
    const counted = this.counts.has(network) || this.counts.size < ADDRESSES_MAX ? network : OTHERS;
    const count = (this.counts.get(counted) ?? 0) + 1;
    this.counts.set(counted, count);
    return count <= this.perMinute ? null : Math.max(1, Math.ceil((this.windowStart + WINDOW_MS - now) / 1_000));
  }
}

/** The first four groups of an IPv6 address; any other address as it is. */
function networkOf(address: string): string {
  if (!isIPv6(address) || address.startsWith('::ffff:')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) while (groups.length < 4) groups.push('0');
  return groups.slice(0, 4).join(':');
}
