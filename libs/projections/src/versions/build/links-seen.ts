import { compareLinks } from '#lifecycle';
import type { LinkFact } from '../../indexing/page-facts.js';

/** Of each pair only the links that are earlier than all before them in the log: those that count, or counted at some position. */
export class LinksSeen {
  readonly kept: LinkFact[] = [];
  readonly #earliest = new Map<string, LinkFact>();

  add(links: readonly LinkFact[]): void {
    for (const link of links) {
      const pair = `${link.a} ${link.b}`;
      const before = this.#earliest.get(pair);
      if (before !== undefined && compareLinks(link, before) >= 0) continue;
      this.#earliest.set(pair, link);
      this.kept.push(link);
    }
  }

  /** Of each pair the link that counts. */
  get earliest(): Iterable<LinkFact> {
    return this.#earliest.values();
  }
}
