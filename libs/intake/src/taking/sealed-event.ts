import { STREAMS, type Instant } from '#contracts';
import type { AppendItem } from '#event-log';
import type { KeyState, Sealer, SubjectKey } from '#platform';
import { canonical } from './canonical.js';
import { othersOf, type Envelope } from './envelope.js';
import type { Identified, NamedIdentity } from './identities.js';
import type { Moment } from './moment.js';
import type { TypeContract } from './type-contracts.js';

/** A touchpoint that passed every step, and only waits for the keys of its subjects. */
export interface Passed {
  readonly envelope: Envelope;
  readonly identified: Identified;
  readonly moment: Moment;
  readonly contract: TypeContract;
}

/**
 * Where personal values that are no field of the data stand among the sealed ones. They come back as fields of these
 * names when a permitted person opens the event.
 */
const ENVELOPE = '/$envelope';
const PLACEHOLDERS = '/$placeholders';

/**
 * The step: seals what is personal and writes the event down. Null where one of its own subjects was erased: then nothing
 * of it is kept. Somebody else who was erased (a referee, a recipient) is left out of it.
 *
 * The content hash covers what the source said: neither when it was sent and received, nor an instant derived from that.
 */
export function sealEvent(
  { envelope, identified, moment, contract }: Passed,
  keys: ReadonlyMap<string, KeyState>,
  sealer: Sealer,
  receivedAt: Instant,
): AppendItem | null {
  const own = keys.get(identified.self.subjectId);
  if (own === undefined || own === 'erased') return null;
  let identifiers = '';
  let subjects = '';
  for (const named of identified.named) {
    const key = keys.get(named.identity.subjectId);
    if (key === undefined || key === 'erased') {
      if (named.role === 'self') return null;
      continue;
    }
    identifiers += (identifiers === '' ? '' : ',') + sealedIdentifier(named, key, sealer);
    subjects += `${named.role} ${key.id} `;
  }
  const { data, personal } = withEnvelope(contract.separate(envelope.data), envelope, identified);
  const dataText = JSON.stringify(data);
  const personalText = personal === null ? '' : JSON.stringify(canonical(personal));
  const facts = factsOf(envelope);
  const meta =
    `{"channel":${JSON.stringify(envelope.channel)},"identifiers":[${identifiers}],"receivedAt":${receivedAt}` +
    (moment.sentAt === null ? '' : `,"sentAt":${moment.sentAt}`) +
    facts +
    (personal === null ? '' : `,"sealed":"${sealer.seal(own, personalText)}"`) +
    '}';
  const content = `${envelope.type}\n${envelope.schemaVersion ?? ''}\n${moment.stated ?? ''}\n${subjects}\n${facts}\n${JSON.stringify(envelope.channel)}\n${dataText}\n${personalText}`;
  return {
    stream: STREAMS.subject(own.id),
    event: {
      source: envelope.source,
      id: envelope.id,
      type: envelope.type,
      schemaVersion: contract.version,
      occurredAt: moment.occurredAt,
      contentHash: sealer.contentHash(own, content),
      meta,
      data: dataText,
    },
  };
}

/** The namespace is a plain name by contract, and what is sealed is base64url: neither needs escaping. */
function sealedIdentifier({ identity, role }: NamedIdentity, key: SubjectKey, sealer: Sealer): string {
  return `{"namespace":"${identity.namespace}","role":"${role}","subjectId":"${key.id}","sealed":"${sealer.sealIdentifier(key, identity.value)}"}`;
}

/** The rest of the metadata, as JSON fields that follow others. */
function factsOf({ actor, correlationId, causationId, test }: Envelope): string {
  return (
    (actor === undefined ? '' : `,"actor":${JSON.stringify({ kind: actor.kind, id: actor.id })}`) +
    (correlationId === undefined ? '' : `,"correlationId":${JSON.stringify(correlationId)}`) +
    (causationId === undefined ? '' : `,"causationId":${JSON.stringify(causationId)}`) +
    (test === true ? ',"test":true' : '')
  );
}

function withEnvelope(
  separation: { readonly data: unknown; readonly personal: Record<string, unknown> | null },
  envelope: Envelope,
  { placeholders }: Identified,
): { readonly data: unknown; readonly personal: Readonly<Record<string, unknown>> | null } {
  const others = othersOf(envelope);
  if (others === null && placeholders === null) return separation;
  return {
    data: separation.data,
    personal: {
      ...separation.personal,
      ...(others === null ? {} : { [ENVELOPE]: others }),
      ...(placeholders === null ? {} : { [PLACEHOLDERS]: placeholders }),
    },
  };
}
