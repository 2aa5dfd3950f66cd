/** What a check found: whether its part can do its work, and in a few words why not. */
export interface CheckResult {
  readonly ok: boolean;
  readonly detail?: string;
}

export type Check = () => CheckResult | Promise<CheckResult>;

const LATE = 2_000;

/** Named checks, registered by the libs that own what they look at. */
export class Health {
  private readonly checks = new Map<string, Check>();

  register(name: string, check: Check): void {
    this.checks.set(name, check);
  }

  /** Runs all checks at once. One that throws, or takes over two seconds, is not ok. */
  async ready(): Promise<{ ok: boolean; checks: Record<string, CheckResult> }> {
    const entries = await Promise.all(
      [...this.checks].map(async ([name, check]) => [name, await inTime(check)] as const),
    );
    return { ok: entries.every(([, { ok }]) => ok), checks: Object.fromEntries(entries) };
  }
}

async function inTime(check: Check): Promise<CheckResult> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<CheckResult>((resolve) => {
    timer = setTimeout(() => resolve({ ok: false, detail: `no answer within ${LATE} ms` }), LATE);
  });
  try {
    return await Promise.race([check(), late]);
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
}
