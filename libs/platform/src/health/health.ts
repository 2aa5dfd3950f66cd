/** The result of a check: whether the part can do its work, and the reason or a figure in a few words. */
export interface CheckResult {
  readonly ok: boolean;
  readonly detail?: string;
  /** False for a part whose failure leaves the process ready: it still does its other work. */
  readonly required?: false;
}

export type Check = () => CheckResult | Promise<CheckResult>;

/** The named checks behind `/health/ready`: each lib registers the checks of its own parts. */
export class Health {
  readonly checks = new Map<string, Check>();

  register(name: string, check: Check): void {
    this.checks.set(name, check);
  }
}
