/** A version as a server tells it, such as `24.10.5`, to be compared. */
export class ServerVersion {
  readonly #numbers: readonly number[];

  constructor(readonly text: string) {
    this.#numbers = text.split('.').map((part) => Number.parseInt(part, 10));
  }

  isBefore(...other: readonly number[]): boolean {
    for (const [index, number] of other.entries()) {
      const own = this.#numbers[index] ?? 0;
      if (own !== number) return own < number;
    }
    return false;
  }
}
