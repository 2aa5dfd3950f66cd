import { randomUUID } from 'node:crypto';
import type { TypeRegistry, ValidationIssue } from '#contracts';
import type { EventLog } from '#event-log';
import { readAttribute, type AttributeDefinition } from '#lifecycle';
import type { Clock } from '#platform';
import { factEvent, issuesOfFact } from '../facts/fact-event.js';
import { canonical } from '../pipeline/canonical.js';
import { plainContentHash } from '../pipeline/content-hash.js';
import { OWN_SOURCES } from '../pipeline/envelope.js';
import { ATTRIBUTES_STREAM, recordedAttributes, type RecordedAttributes } from './recorded-attributes.js';

/** Define an attribute, or replace its definition by the next version. */
export class DefineAttribute {
  constructor(
    readonly document: unknown,
    /** Who does it, as the log records it. */
    readonly by: string,
  ) {}
}

/** Remove the definition of an attribute. What sources stated of it stays in the log. */
export class RemoveAttribute {
  constructor(
    readonly name: string,
    readonly by: string,
  ) {}
}

export type AttributeVerdict =
  /** `changed` is false where it was so before: nothing was recorded, and `position` is null. */
  | {
      readonly outcome: 'done';
      readonly definition: AttributeDefinition;
      readonly changed: boolean;
      readonly position: number | null;
    }
  | { readonly outcome: 'unknown' }
  | { readonly outcome: 'invalid'; readonly errors: readonly ValidationIssue[] };

/** What a decision comes to: a fact to record, or a verdict at once. */
type Decision =
  | {
      readonly fact: 'attribute-defined' | 'attribute-removed';
      readonly data: object;
      readonly definition: AttributeDefinition;
    }
  | AttributeVerdict;

/** Other definitions may come in between so many times. */
const ATTEMPTS_MAX = 10;

/** What the business does to definitions of attributes: decided by what is on record, and appended behind it. */
export class ManageAttributes {
  constructor(
    private readonly log: EventLog,
    private readonly types: () => TypeRegistry,
    private readonly clock: Clock,
  ) {}

  define({ document, by }: DefineAttribute): Promise<AttributeVerdict> {
    const types = this.types();
    const reading = readAttribute(document, (type) => types.schema(type));
    if (!reading.ok) return Promise.resolve({ outcome: 'invalid', errors: reading.errors });
    const { definition } = reading;
    const { name, version } = definition;
    return this.decide(by, ({ attributes }) => {
      const known = attributes.get(name);
      if (known?.removed === false && isSame(known.definition, definition)) return unchanged(known.definition);
      const next = (known?.definition.version ?? 0) + 1;
      if (version !== next) return wrongVersion(version, next);
      return { fact: 'attribute-defined', data: { name, version, definition }, definition };
    });
  }

  remove({ name, by }: RemoveAttribute): Promise<AttributeVerdict> {
    return this.decide(by, ({ attributes }) => {
      const known = attributes.get(name);
      if (known === undefined) return { outcome: 'unknown' };
      const { definition, removed } = known;
      if (removed) return unchanged(definition);
      return { fact: 'attribute-removed', data: { name, version: definition.version }, definition };
    });
  }

  private async decide(by: string, decision: (recorded: RecordedAttributes) => Decision): Promise<AttributeVerdict> {
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
      const recorded = await recordedAttributes(this.log);
      const decided = decision(recorded);
      if ('outcome' in decided) return decided;
      const errors = issuesOfFact(decided.fact, decided.data);
      if (errors.length > 0) return { outcome: 'invalid', errors };
      const [verdict] = await this.log.append(ATTRIBUTES_STREAM, recorded.last ?? 'no-stream', [
        factEvent({
          name: decided.fact,
          source: OWN_SOURCES.attributes,
          // Of two processes that act at the same moment, one must be told so: its event is not the other's.
          id: randomUUID(),
          occurredAt: this.clock.now(),
          contentHash: plainContentHash(decided.data),
          meta: { by },
          data: decided.data,
        }),
      ]);
      if (verdict?.status === 'accepted')
        return { outcome: 'done', definition: decided.definition, changed: true, position: verdict.position };
      if (verdict?.status === 'rejected') return invalid('#', verdict.reason, 'make the definition smaller');
    }
    return invalid('#', 'could not be recorded, since other attributes are defined all the time', 'try again');
  }
}

const unchanged = (definition: AttributeDefinition): AttributeVerdict => ({
  outcome: 'done',
  definition,
  changed: false,
  position: null,
});

const invalid = (pointer: string, detail: string, hint: string): AttributeVerdict => ({
  outcome: 'invalid',
  errors: [{ pointer, detail, hint }],
});

const wrongVersion = (version: number, next: number): AttributeVerdict =>
  next === 1
    ? invalid('#/version', `must be 1 for a new attribute (got ${version})`, 'give version 1')
    : invalid(
        '#/version',
        `must be ${next}: versions go up by one, and the newest is ${next - 1} (got ${version})`,
        `give version ${next}`,
      );

const isSame = (a: AttributeDefinition, b: AttributeDefinition): boolean =>
  JSON.stringify(canonical(a)) === JSON.stringify(canonical(b));
