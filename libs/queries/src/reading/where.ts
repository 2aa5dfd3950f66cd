/** Collects the conditions of a statement with their parameters; a condition whose value is null is left out. */
export class Where {
  readonly params: unknown[];
  private readonly conditions: string[] = [];

  constructor(...params: unknown[]) {
    this.params = params;
  }

  /** `condition` writes the parameter as `?`. */
  and(condition: string, value: unknown): this {
    if (value === null) return this;
    this.params.push(value);
    this.conditions.push(condition.replaceAll('?', `$${this.params.length}`));
    return this;
  }

  /** A condition without a parameter of its own. */
  always(condition: string): this {
    this.conditions.push(condition);
    return this;
  }

  get sql(): string {
    return this.conditions.length === 0 ? '' : `WHERE ${this.conditions.join(' AND ')}`;
  }

  /** Adds a parameter and gives its number. */
  param(value: unknown): string {
    this.params.push(value);
    return `$${this.params.length}`;
  }
}
