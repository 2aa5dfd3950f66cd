import { compareLinks, decisionOf } from '#lifecycle';
import type { RecordedEvent } from '#event-log';
import type { LinkFact } from '../../indexing/page-facts.js';
import { inLogOrder, pairsAcross } from '../../read-models/links/decisions.js';
import { kindOf } from '../../read-models/links/projection.js';

/** A link with the place in the log of the unmerge that revoked it. */
export interface SeenLink extends LinkFact {
  revokedPosition: number | null;
}

/** Of each pair and origin only the links that are earlier than all before them in the log: those that count, or counted at some position. */
export class LinksSeen {
  readonly kept: SeenLink[] = [];
  readonly #earliest = new Map<string, SeenLink>();
  /** By pair, once there is a decision: an unmerge revokes all of them. */
  #byPair: Map<string, SeenLink[]> | null = null;

  /** Links and decisions of a stretch of the log, each in its order. */
  add(links: readonly LinkFact[], decisions: readonly RecordedEvent[] = []): void {
    for (const stretch of inLogOrder(links, decisions)) {
      for (const link of stretch.links) this.#link(link);
      if (stretch.decision !== null) this.#decide(stretch.decision);
    }
  }

  #link(link: LinkFact): void {
    const kind = kindOf(link);
    const before = this.#earliest.get(kind);
    if (before !== undefined && compareLinks(link, before) >= 0) return;
    const seen = { ...link, revokedPosition: null };
    this.#earliest.set(kind, seen);
    this.kept.push(seen);
    if (this.#byPair !== null) addTo(this.#byPair, seen);
  }

  #decide(event: RecordedEvent): void {
    const decision = decisionOf(event);
    if (decision?.kind !== 'unmerge') return;
    if (this.#byPair === null) {
      this.#byPair = new Map();
      for (const link of this.kept) addTo(this.#byPair, link);
    }
    for (const { a, b } of pairsAcross(decision))
      for (const link of this.#byPair.get(`${a} ${b}`) ?? [])
        if (link.revokedPosition === null) {
          link.revokedPosition = decision.position;
          this.#earliest.delete(kindOf(link));
        }
  }

  /** Of each pair and origin the link that counts. */
  get earliest(): Iterable<SeenLink> {
    return this.#earliest.values();
  }
}

function addTo(byPair: Map<string, SeenLink[]>, link: SeenLink): void {
  const pair = `${link.a} ${link.b}`;
  const list = byPair.get(pair);
  if (list === undefined) byPair.set(pair, [link]);
  else list.push(link);
}
