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
  constructor(readonly definition: unknown) {}
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
export async function registeredTypes(log: EventLog): Promise<TypeRegistry> {
  let registry = TypeRegistry.BUILT_IN;
  for await (const page of log.read(STREAM))
    for (const event of page) {
      const registration = registry.restore(upcast(event.type, event.schemaVersion, JSON.parse(event.data) as Data));
      if (!registration.ok)
        throw new Error(
          `The type that was registered at position ${event.position} of the log cannot be read: ${JSON.stringify(registration.errors)}.`,
        );
      registry = registration.registry;
    }
  return registry;
}

/** Registers a touchpoint type: from then on its events are accepted. The same definition again changes nothing. */
export class RegisterTypeHandler {
  constructor(
    private readonly log: EventLog,
    private readonly contracts: TypeContracts,
    private readonly clock: Clock,
  ) {}

  async execute({ definition: document }: RegisterType): Promise<RegisterVerdict> {
    const registration = this.contracts.types.register(document);
    if (!registration.ok) return registration;
    const { definition, registry, changed } = registration;
    if (!changed) return { ok: true, definition, position: null };
    const errors = issuesOfFact('type-registered', definition);
    if (errors.length > 0) return { ok: false, errors };
    const [verdict] = await this.log.append(STREAM, 'any', [
      factEvent({
        name: 'type-registered',
        source: OWN_SOURCES.types,
        id: `${definition.name}@${definition.version}`,
        occurredAt: this.clock.now(),
        contentHash: plainContentHash(definition),
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
      default:
        return rejected('#/version', 'was registered by another process at the same moment', 'give the next version');
    }
  }
}

const rejected = (pointer: string, detail: string, hint: string): RegisterVerdict => ({
  ok: false,
  errors: [{ pointer, detail, hint }],
});
