import type { RegisteredSource, SourceSettings, SourceStatus, ValidationIssue } from '#contracts';
import type { EventLog } from '#event-log';
import type { Clock } from '#platform';
import { issuesOfFact } from '../facts/fact-event.js';
import { canonical } from '../pipeline/canonical.js';
import type { TypeContracts } from '../types/type-contracts.js';
import { recordedSources, recordSourceFact, type RecordedSources, type SourceFact } from './recorded-sources.js';
import { changedSettings, SOURCE_CHANGES, SOURCE_DOCUMENT, typeIssues } from './source-document.js';
import type { Sources } from './sources.js';

/** Register a source. */
export class RegisterSource {
  constructor(
    readonly document: unknown,
    /** Who does it, as the log records it. */
    readonly by: string,
  ) {}
}

/** Change what a source is and may send. What was accepted before stays as it is. */
export class ChangeSource {
  constructor(
    readonly name: string,
    /** The fields that change; null removes one. */
    readonly changes: unknown,
    readonly by: string,
  ) {}
}

/** Pause, resume or retire a source. */
export class SetSourceStatus {
  constructor(
    readonly name: string,
    readonly status: SourceStatus,
    readonly by: string,
  ) {}
}

export type SourceVerdict =
  /** `changed` is false where it was so before: nothing was recorded. */
  | { readonly outcome: 'done'; readonly source: RegisteredSource; readonly changed: boolean }
  | { readonly outcome: 'unknown' }
  /** It is registered in another form, or retired. */
  | { readonly outcome: 'conflict'; readonly detail: string }
  | { readonly outcome: 'invalid'; readonly errors: readonly ValidationIssue[] };

/** Other changes may come in between so many times. */
const ATTEMPTS_MAX = 10;

/** What a decision comes to: a fact to record, or a verdict at once. */
type Decision = Omit<SourceFact, 'at'> | SourceVerdict;

/** What operators do to sources: decided by what is on record, and appended behind it. */
export class ManageSources {
  constructor(
    private readonly log: EventLog,
    private readonly sources: Sources,
    private readonly contracts: TypeContracts,
    private readonly clock: Clock,
  ) {}

  register({ document, by }: RegisterSource): Promise<SourceVerdict> {
    const settings = this.settingsOf(document);
    if ('outcome' in settings) return Promise.resolve(settings);
    return this.decide(settings.name, (known) => {
      if (known === null) return { name: 'source-registered', data: settings, by };
      if (known.status !== 'retired' && isSame(known.settings, settings)) return unchanged(known);
      return {
        outcome: 'conflict',
        detail:
          known.status === 'retired'
            ? `The source ${settings.name} was retired, and its name stays its own: register a source of another name.`
            : `The source ${settings.name} is registered in another form: change it instead.`,
      };
    });
  }

  change({ name, changes: document, by }: ChangeSource): Promise<SourceVerdict> {
    const changes = SOURCE_CHANGES.read(document);
    if (!changes.ok) return Promise.resolve({ outcome: 'invalid', errors: changes.errors });
    return this.decide(name, (known) => {
      if (known === null) return { outcome: 'unknown' };
      if (known.status === 'retired') return retired(name);
      const settings = this.settingsOf(changedSettings(known.settings, changes.value));
      if ('outcome' in settings) return settings;
      return isSame(known.settings, settings) ? unchanged(known) : { name: 'source-changed', data: settings, by };
    });
  }

  setStatus({ name, status, by }: SetSourceStatus): Promise<SourceVerdict> {
    return this.decide(name, (known) => {
      if (known === null) return { outcome: 'unknown' };
      if (known.status === status) return unchanged(known);
      return known.status === 'retired' ? retired(name) : { name: FACTS[status], data: { name }, by };
    });
  }

  private settingsOf(document: unknown): SourceSettings | Extract<SourceVerdict, { outcome: 'invalid' }> {
    const reading = SOURCE_DOCUMENT.read(document);
    if (!reading.ok) return { outcome: 'invalid', errors: reading.errors };
    // The reader knows a mapping as an object; `typeIssues` says whether it is one of events.
    const settings = reading.value as SourceSettings;
    const errors = typeIssues(settings, this.contracts.types);
    return errors.length > 0 ? { outcome: 'invalid', errors } : settings;
  }

  private async decide(name: string, decision: (known: RegisteredSource | null) => Decision): Promise<SourceVerdict> {
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
      const recorded = await recordedSources(this.log);
      this.sources.replace(recorded.sources);
      const decided = decision(recorded.sources.get(name) ?? null);
      if ('outcome' in decided) return decided;
      const verdict = await this.record(name, decided, recorded);
      if (verdict !== 'overtaken') return verdict;
    }
    return { outcome: 'conflict', detail: 'Other sources are changed all the time: nothing was recorded. Try again.' };
  }

  private async record(
    name: string,
    fact: Omit<SourceFact, 'at'>,
    { last }: RecordedSources,
  ): Promise<SourceVerdict | 'overtaken'> {
    const errors = issuesOfFact(fact.name, fact.data);
    if (errors.length > 0) return { outcome: 'invalid', errors };
    const verdict = await recordSourceFact(this.log, last, { ...fact, at: this.clock.now() });
    if (verdict?.status === 'rejected')
      return { outcome: 'invalid', errors: [{ pointer: '#', detail: verdict.reason, hint: 'make it smaller' }] };
    if (verdict?.status !== 'accepted') return 'overtaken';
    const { sources } = await recordedSources(this.log);
    this.sources.replace(sources);
    const source = sources.get(name);
    if (source === undefined) throw new Error(`The source ${name} was recorded, and cannot be read.`);
    return { outcome: 'done', source, changed: true };
  }
}

const FACTS = { active: 'source-resumed', paused: 'source-paused', retired: 'source-retired' } as const;

const unchanged = (source: RegisteredSource): SourceVerdict => ({ outcome: 'done', source, changed: false });

const retired = (name: string): SourceVerdict => ({
  outcome: 'conflict',
  detail: `The source ${name} was retired for good: register a source of another name.`,
});

const isSame = (a: SourceSettings, b: SourceSettings): boolean =>
  JSON.stringify(canonical(a)) === JSON.stringify(canonical(b));
