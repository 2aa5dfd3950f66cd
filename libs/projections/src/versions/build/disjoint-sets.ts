/** Disjoint sets of the numbers from 0 up, each named by its least number (union-find). Four bytes a number. */
export class DisjointSets {
  readonly #parent: Int32Array;

  constructor(readonly size: number) {
    this.#parent = Int32Array.from({ length: size }, (_, number) => number);
  }

  /** The least number of the set to which this one belongs. */
  rootOf(number: number): number {
    let root = number;
    for (let up = this.#up(root); up !== root; up = this.#up(root)) root = up;
    for (let at = number; at !== root;) {
      const up = this.#up(at);
      this.#parent[at] = root;
      at = up;
    }
    return root;
  }

  join(a: number, b: number): void {
    const [one, other] = [this.rootOf(a), this.rootOf(b)];
    if (one < other) this.#parent[other] = one;
    else this.#parent[one] = other;
  }

  #up(number: number): number {
    return this.#parent[number] ?? number;
  }
}
