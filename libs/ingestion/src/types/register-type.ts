import { streamOfFact, TypeRegistry, upcast, type Data, type ValidationIssue, type TypeDefinition } from '#contracts';
import type { EventLog } from '#event-log';
import type { Clock } from '#platform';
import { plainContentHash } from '../pipeline/content-hash.js';
import { OWN_SOURCES } from '../pipeline/envelope.js';
import type { TypeContracts } from './type-contracts.js';
import { factEvent, issuesOfFact } from '../facts/fact-event.js';

const STREAM = streamOfFact('type-registered');

/** Register a touchpoint type of the business's own. */
export class RegisterType {
  constructor(
    readonly definition: unknown,
    /** Who registers it, as the log records it. */
    readonly by = 'local',
  ) {}
}

export type RegisterVerdict =
  | {
      readonly ok: true;
      readonly definition: TypeDefinition;
      /** Position of its registration in the log; null where this definition was registered before. */
      readonly position: number | null;
    }
  | { readonly ok: false; readonly errors: readonly ValidationIssue[] };

/** All types: the built-in ones, and those that the log has a registration of. */
export async function registeredTypes(log: Pick<EventLog, 'read'>): Promise<TypeRegistry> {
  return (await readRegistrations(log)).registry;
}

/** The types, and the revision of the last registration; null where there is none. */
async function readRegistrations(
  log: Pick<EventLog, 'read'>,
): Promise<{ readonly registry: TypeRegistry; readonly last: number | null }> {
  let registry = TypeRegistry.BUILT_IN;
  let last: number | null = null;
  for await (const page of log.read(STREAM))
    for (const event of page) {
      last = event.revision;
      const registration = registry.restore(upcast(event.type, event.schemaVersion, JSON.parse(event.data) as Data));
      if (!registration.ok)
        throw new Error(
          `The type that was registered at position ${event.position} of the log cannot be read: ${JSON.stringify(registration.errors)}.`,
        );
      registry = registration.registry;
    }
  return { registry, last };
}

/** Registrations of other types may come in between so many times. */
const ATTEMPTS_MAX = 10;

/** Registers a touchpoint type: from then on its events are accepted. The same definition again changes nothing. */
export class RegisterTypeHandler {
  constructor(
    private readonly log: EventLog,
    private readonly contracts: TypeContracts,
    private readonly clock: Clock,
  ) {}

  /** Decided by what is on record, and appended behind it: the log enforces that, whatever event ids it remembers. */
  async execute({ definition: document, by }: RegisterType): Promise<RegisterVerdict> {
    for (let attempt = 1; ; attempt += 1) {
      const verdict = await this.attempt(document, by);
      if (verdict !== 'overtaken') return verdict;
      if (attempt === ATTEMPTS_MAX)
        return rejected('#', 'could not be registered, since other types are registered all the time', 'try again');
    }
  }

  private async attempt(document: unknown, by: string): Promise<RegisterVerdict | 'overtaken'> {
    const { registry: recorded, last } = await readRegistrations(this.log);
    const registration = recorded.register(document);
    if (!registration.ok) return registration;
    const { definition, registry, changed } = registration;
    if (!changed) {
      this.contracts.replace(registry);
      return { ok: true, definition, position: null };
    }
    const errors = issuesOfFact('type-registered', definition);
    if (errors.length > 0) return { ok: false, errors };
    const [verdict] = await this.log.append(STREAM, last ?? 'no-stream', [
      factEvent({
        name: 'type-registered',
        source: OWN_SOURCES.types,
        id: `${definition.name}@${definition.version}`,
        occurredAt: this.clock.now(),
        contentHash: plainContentHash(definition),
        meta: { by },
        data: definition,
      }),
    ]);
    switch (verdict?.status) {
      case 'accepted':
      case 'duplicate':
        this.contracts.replace(registry);
        return { ok: true, definition, position: verdict.position };
      case 'rejected':
        return rejected('#', verdict.reason, 'make the definition smaller');
      case 'wrong-revision':
        return 'overtaken';
      default:
        return rejected('#/version', 'was registered with another definition', 'give the next version');
    }
  }
}

const rejected = (pointer: string, detail: string, hint: string): RegisterVerdict => ({
  ok: false,
  errors: [{ pointer, detail, hint }],
});
