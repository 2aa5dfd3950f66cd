import {
  streamOfFact,
  TypeRegistry,
  upcast,
  type Data,
  type ValidationIssue,
  type Instant,
  type TypeDefinition,
} from '#contracts';
import type { EventLog } from '#event-log';
import { plainContentHash } from '../pipeline/content-hash.js';
import { OWN_SOURCES } from '../pipeline/envelope.js';
import type { TypeContracts } from '../pipeline/type-contracts.js';
import { factEvent, issuesOfFact } from './fact-event.js';

const STREAM = streamOfFact('type-registered');

export type RegisterVerdict =
  | {
      readonly ok: true;
      readonly definition: TypeDefinition;
      /** Null where this very type was registered before. */
      readonly position: number | null;
    }
  | { readonly ok: false; readonly errors: readonly ValidationIssue[] };

/** All types that the log knows: the built-in ones, and those that the business registered. */
export async function registeredTypes(log: EventLog): Promise<TypeRegistry> {
  let registry = TypeRegistry.BUILT_IN;
  for await (const page of log.read(STREAM))
    for (const event of page) {
      const registration = registry.register(upcast(event.type, event.schemaVersion, JSON.parse(event.data) as Data));
      if (!registration.ok)
        throw new Error(
          `The type registered at position ${event.position} can no longer be read: ${JSON.stringify(registration.errors)}.`,
        );
      registry = registration.registry;
    }
  return registry;
}

/** Registers a touchpoint type of the business's own. From then on its events are taken. The same again changes nothing. */
export async function registerType(
  log: EventLog,
  contracts: TypeContracts,
  document: unknown,
  now: Instant,
): Promise<RegisterVerdict> {
  const registration = contracts.types.register(document);
  if (!registration.ok) return registration;
  const { definition, registry, changed } = registration;
  if (!changed) return { ok: true, definition, position: null };
  const errors = issuesOfFact('type-registered', definition);
  if (errors.length > 0) return { ok: false, errors };
  const [verdict] = await log.append(STREAM, 'any', [
    factEvent({
      name: 'type-registered',
      source: OWN_SOURCES.types,
      id: `${definition.name}@${definition.version}`,
      occurredAt: now,
      contentHash: plainContentHash(definition),
      data: definition,
    }),
  ]);
  switch (verdict?.status) {
    case 'accepted':
    case 'duplicate':
      contracts.replace(registry);
      return { ok: true, definition, position: verdict.position };
    case 'refused':
      return { ok: false, errors: [{ pointer: '#', detail: verdict.reason, hint: 'make the definition smaller' }] };
    default:
      return {
        ok: false,
        errors: [
          { pointer: '#/version', detail: 'was registered elsewhere at this moment', hint: 'give the next version' },
        ],
      };
  }
}
