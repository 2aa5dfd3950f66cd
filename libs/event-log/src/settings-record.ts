import { createHash } from 'node:crypto';
import { factOf, MINUTE, STREAMS, type SettingsChanged } from '#contracts';
import { describeError, type AccountableSettings, type Clock, type Logger } from '#platform';
import type { EventLog } from './port.js';

/** The processes of an engine that serve something. */
export type ProcessName = 'standalone' | 'intake' | 'projector' | 'relay' | 'api';

const SOURCE = 'perennial/access';
/** Who has the environment of a process is not known: it may be anybody who reaches the machine. */
const BY = 'local';
/** Other processes may record theirs in between so many times. */
const ATTEMPTS_MAX = 10;

/**
 * Records the settings that proof and access rest on: at a start, where they are others than the last that this process recorded. While the log has no record, they
 * were at their defaults. A log that is away is tried again each minute.
 */
export class SettingsRecord {
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly process: ProcessName,
    private readonly settings: AccountableSettings,
    private readonly log: Pick<EventLog, 'append' | 'read'>,
    private readonly clock: Clock,
    private readonly logger: Pick<Logger, 'warn'>,
  ) {}

  async start(): Promise<void> {
    try {
      await this.record();
      this.stop();
    } catch (error) {
      this.logger.warn({ cause: describeError(error) }, 'the settings of this process are not on record yet');
      this.timer ??= setInterval(() => void this.start(), MINUTE).unref();
    }
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
  }

  /** Resolves with whether there was something to record, once it is durable. */
  async record(): Promise<boolean> {
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
      let known: SettingsChanged | null = null;
      let revision = -1;
      for await (const page of this.log.read(STREAMS.settings))
        for (const event of page) {
          revision = event.revision;
          const settings = JSON.parse(event.data) as SettingsChanged;
          if (settings.process === this.process) known = settings;
        }
      if (known === null ? this.settings.notDefault.length === 0 : known.digest === this.settings.digest) return false;
      const expected = revision === -1 ? 'no-stream' : revision;
      const [verdict] = await this.log.append(STREAMS.settings, expected, [this.event(revision + 1)]);
      if (verdict?.status === 'accepted') return true;
      if (verdict?.status !== 'wrong-revision' && verdict?.status !== 'duplicate')
        throw new Error(`The event log did not record the settings: ${verdict?.status ?? 'no answer'}.`);
    }
    throw new Error('Other processes record their settings all the time.');
  }

  private event(revision: number) {
    const type = 'settings-changed';
    const data: SettingsChanged = {
      process: this.process,
      ...this.settings,
      notDefault: [...this.settings.notDefault],
    };
    const text = JSON.stringify(data);
    return {
      ...{ source: SOURCE, id: `settings ${revision}`, type, schemaVersion: factOf(type)?.version ?? 0 },
      occurredAt: this.clock.now(),
      contentHash: createHash('sha256').update(text).digest().subarray(0, 16),
      ...{ meta: JSON.stringify({ by: BY }), data: text },
    };
  }
}
