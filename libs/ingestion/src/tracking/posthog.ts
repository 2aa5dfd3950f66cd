import { isJsonObject } from './call.js';

type Json = Readonly<Record<string, unknown>>;

/**
 * A body of PostHog's `/capture` or `/batch` as a batch of calls. Read of it: events with their properties, time and uuid; `$identify`, `$set`,
 * `$create_alias`, `$pageview` and `$screen`, and what `$groups` says. An event of a group alone (`$groupidentify`) names no person, and is rejected.
 */
export function postHogBatch(body: Json): Json {
  const events: readonly unknown[] = Array.isArray(body['batch']) ? (body['batch'] as readonly unknown[]) : [body];
  const sentAt = body['sent_at'] ?? body['sentAt'];
  return {
    batch: events.map((event) => (isJsonObject(event) ? callOfEvent(event) : event)),
    ...(sentAt === undefined ? {} : { sentAt }),
  };
}

function callOfEvent(given: Json): Json {
  const { event, distinct_id: id, properties, timestamp, uuid, offset: _, api_key: __, token: ___, ...others } = given;
  const all: Json = isJsonObject(properties) ? properties : {};
  const {
    $set: set = others['$set'],
    $set_once: setOnce = others['$set_once'],
    distinct_id: innerId,
    token: ____,
    ...said
  } = all;
  const traits = { ...(isJsonObject(setOnce) ? setOnce : {}), ...(isJsonObject(set) ? set : {}) };
  const distinctId = id ?? innerId;
  const shared = {
    ...others,
    ...personOf(distinctId, said),
    ...(uuid === undefined ? {} : { messageId: uuid }),
    ...(timestamp === undefined ? {} : { timestamp }),
  };
  switch (event) {
    case '$identify':
    case '$set':
      return {
        ...shared,
        ...{ type: 'identify', traits },
        ...(said['$anon_distinct_id'] === undefined ? {} : { anonymousId: said['$anon_distinct_id'] }),
        ...{ context: { posthog: said } },
      };
    case '$create_alias':
      return { ...shared, type: 'alias', userId: distinctId, previousId: said['alias'], context: { posthog: said } };
    case '$groupidentify':
      return { type: 'group', groupId: said['$group_key'], traits: said['$group_set'], messageId: uuid, timestamp };
    case '$pageview':
      return {
        ...shared,
        type: 'page',
        properties: {
          ...said,
          ...{ url: said['$current_url'], path: said['$pathname'], referrer: said['$referrer'] },
        },
      };
    case '$screen':
      return { ...shared, type: 'screen', name: said['$screen_name'], properties: said };
    default:
      return {
        ...shared,
        ...{ type: 'track', event, properties: said },
        ...(Object.keys(traits).length === 0 ? {} : { context: { traits } }),
      };
  }
}

/** A distinct id is the user's, unless the library says that it is the device's own. */
function personOf(distinctId: unknown, properties: Json): Json {
  const device = properties['$device_id'];
  const isAnonymous =
    properties['$is_identified'] === false ||
    properties['$process_person_profile'] === false ||
    (device !== undefined && device === distinctId);
  if (isAnonymous) return { anonymousId: distinctId };
  return { userId: distinctId, ...(device === undefined ? {} : { anonymousId: device }) };
}
