import type { LogMark } from '#event-log';
import type { KeyStoreFacts } from '#keys';
import { identityIn, type LogIdentity } from '#platform';

/** What a key store keeps about its log: one value under each name, as JSON. */
const NAMES = {
  /** Which log the keys belong to. */
  identity: 'log-identity',
  /** The last event that an engine with these keys has seen: the log was at least so long. */
  seen: 'log-seen',
  /** Up to which revision of the stream of erasures each erasure was applied to these keys. */
  erasures: 'log-erasures',
  /** Subjects of the log that have no key here. */
  missing: 'keys-missing',
} as const;

export interface AppliedErasures {
  readonly copyId: string;
  readonly revision: number;
}

/** Subjects of the log without a key: these keys are older than the log. */
export interface MissingKeys {
  readonly subjects: number;
  /** RFC 3339: when it was noticed. */
  readonly noticedAt: string;
}

/** The facts of a key store about its log, typed. */
export class LogFacts {
  constructor(private readonly keys: KeyStoreFacts) {}

  async identity(): Promise<LogIdentity | null> {
    return identityIn(await this.read(NAMES.identity));
  }

  /** The mark, if it was made in this copy of the log. */
  async seen(copyId: string): Promise<LogMark | null> {
    const mark = (await this.read(NAMES.seen)) as LogMark | null;
    return mark?.copyId === copyId ? mark : null;
  }

  /** −1 where none was applied in this copy of the log. */
  async appliedErasures(copyId: string): Promise<number> {
    const applied = (await this.read(NAMES.erasures)) as AppliedErasures | null;
    return applied?.copyId === copyId ? applied.revision : -1;
  }

  async missing(): Promise<MissingKeys | null> {
    return (await this.read(NAMES.missing)) as MissingKeys | null;
  }

  recordIdentity(identity: LogIdentity): Promise<void> {
    return this.write(NAMES.identity, identity);
  }

  recordSeen(mark: LogMark): Promise<void> {
    return this.write(NAMES.seen, mark);
  }

  recordAppliedErasures(applied: AppliedErasures): Promise<void> {
    return this.write(NAMES.erasures, applied);
  }

  recordMissing(missing: MissingKeys): Promise<void> {
    return this.write(NAMES.missing, missing);
  }

  private async read(name: string): Promise<unknown> {
    const value = await this.keys.fact(name);
    return value === null ? null : JSON.parse(Buffer.from(value).toString('utf8'));
  }

  private write(name: string, value: object): Promise<void> {
    return this.keys.recordFact(name, Buffer.from(JSON.stringify(value), 'utf8'));
  }
}
