import { streamOfFact } from '#contracts';
import type { EventLog } from '#event-log';
import { attributesInForce, foldAttributes, NO_ATTRIBUTES, type AttributeDefinition } from '#lifecycle';

/** The attributes that were defined at a position of the log, by name. */
export async function attributesKnown(
  log: Pick<EventLog, 'read'>,
  upTo: number,
): Promise<readonly AttributeDefinition[]> {
  let saved = NO_ATTRIBUTES;
  for await (const page of log.read(streamOfFact('attribute-defined'), 0, { upTo }))
    saved = foldAttributes(saved, page);
  return attributesInForce(saved);
}
