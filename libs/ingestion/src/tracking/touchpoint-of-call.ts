import type { SourceSettings, TypeRegistry } from '#contracts';
import { Rejection } from '../pipeline/rejection.js';
import { isJsonObject, type Call, type CallKind } from './call.js';
import { withRest, type EventReading } from './commerce-events.js';
import { OTHERS_TYPE, readOwnEvent } from './own-mapping.js';
import { Properties } from './properties.js';
import { SPEC_EVENTS, specEvent } from './spec-events.js';

type Json = Readonly<Record<string, unknown>>;

export interface TypingContext {
  readonly settings: SourceSettings | null;
  readonly types: TypeRegistry;
}

/** What kind of touchpoint a call is, and what its data are. */
export function touchpointOf(kind: CallKind, call: Call, context: TypingContext): EventReading | Rejection {
  switch (kind) {
    case 'identify':
      return { type: 'profile-updated', data: { attributes: attributesOf(call) } };
    case 'alias':
      return isId(call.fields['previousId'])
        ? { type: 'profile-updated', data: { attributes: {} } }
        : required('previousId', 'send the id that the person was known by before');
    case 'group':
      return group(call);
    case 'page':
      return page(call);
    case 'screen':
      return screen(call);
    case 'track':
      return track(call, context);
  }
}

/** Traits beside a call are those of an identify before it. */
function attributesOf({ traits, context }: Call): Json {
  return { ...(isJsonObject(context['traits']) ? context['traits'] : {}), ...traits };
}

/** The customer belongs to an account; what is said of the account stands beside it. */
function group({ fields, traits }: Call): EventReading | Rejection {
  const { groupId } = fields;
  if (!isId(groupId)) return required('groupId', 'send the id of the account');
  const fields_ = new Properties({ role: traits['role'] });
  const part = fields_.text('role');
  return { type: 'account-joined', data: { accountId: String(groupId), ...(part === undefined ? {} : { part }) } };
}

const isId = (value: unknown): value is string | number =>
  (typeof value === 'string' && value !== '' && value.length <= 200) || Number.isSafeInteger(value);

const required = (field: string, hint: string): Rejection =>
  Rejection.of('envelope-invalid', `#/${field}`, 'must be text of 1 to 200 characters', hint);

/** The page without its query: a query may hold an address or a name. */
function page({ fields, properties: given, context }: Call): EventReading {
  const properties = new Properties(given);
  const beside = new Properties(isJsonObject(context['page']) ? context['page'] : {});
  const campaign = new Properties(isJsonObject(context['campaign']) ? context['campaign'] : {});
  const path = properties.text('path', 2_000) ?? beside.text('path', 2_000);
  const url = properties.text('url', 4_000) ?? beside.text('url', 4_000);
  return withRest(
    'site-visited',
    {
      page: path ?? pathOf(url),
      url,
      referrer: properties.text('referrer', 4_000) ?? beside.text('referrer', 4_000),
      ...{ origin: campaign.text('source'), campaign: campaign.text('name') },
      ...{ name: fields['name'] ?? undefined, category: fields['category'] ?? undefined },
    },
    properties,
  );
}

function pathOf(url: string | undefined): string | undefined {
  if (url === undefined || !URL.canParse(url)) return undefined;
  const { pathname } = new URL(url);
  return pathname.length > 2_000 ? undefined : pathname;
}

function screen({ fields, properties: given, context }: Call): EventReading {
  const properties = new Properties(given);
  const app = new Properties(isJsonObject(context['app']) ? context['app'] : {});
  const os = new Properties(isJsonObject(context['os']) ? context['os'] : {});
  const campaign = new Properties(isJsonObject(context['campaign']) ? context['campaign'] : {});
  return withRest(
    'app-opened',
    {
      ...{ app: app.text('name'), release: app.text('version'), platform: os.text('name') },
      ...{ campaign: campaign.text('name'), name: fields['name'] ?? undefined },
    },
    properties,
  );
}

/** An event: by the source's own mapping, else by the specification, else of the registered type of its name, else as all others of the source. */
function track(
  { fields, properties: given, context }: Call,
  { settings, types }: TypingContext,
): EventReading | Rejection {
  const { event } = fields;
  if (typeof event !== 'string' || event.trim() === '') return NO_EVENT;
  const { events = {}, others = OTHERS_TYPE } = settings?.tracking ?? {};
  const own = Object.hasOwn(events, event) ? events[event] : undefined;
  if (own !== undefined && 'type' in own) return readOwnEvent(own, given);
  const spec = own === undefined ? specEvent(event) : (SPEC_EVENTS[own.as] ?? null);
  if (spec !== null) return spec(new Properties(given), settings?.currency);
  const membership = own === undefined ? membershipOf(event, given, context) : null;
  if (membership !== null) return membership;
  const registered = types.type(typeNameOf(event));
  if (registered !== null && types.custom().some(({ name }) => name === registered.name))
    return { type: registered.name, data: given };
  if (others === 'quarantine') return NOT_MAPPED;
  return { type: others, data: { event, ...(Object.keys(given).length === 0 ? {} : { properties: given }) } };
}

/** The events of the B2B specification that put a person into an account, or take one out of it. */
function membershipOf(event: string, properties: Json, context: Json): EventReading | null {
  const type = MEMBERSHIPS[event];
  const accountId = properties['groupId'] ?? properties['group_id'] ?? context['groupId'];
  if (type === undefined || !isId(accountId)) return null;
  const { groupId: _, group_id: __, ...rest } = properties;
  const part = new Properties(rest).text('role');
  const hasPart = type === 'account-joined' && part !== undefined;
  return {
    type,
    data: {
      accountId: String(accountId),
      ...(hasPart ? { part } : {}),
      ...(Object.keys(rest).length === 0 ? {} : { properties: rest }),
    },
  };
}

const MEMBERSHIPS: Readonly<Record<string, string>> = {
  'Account Added User': 'account-joined',
  'Account Removed User': 'account-left',
};

const NO_EVENT = Rejection.of(
  'envelope-invalid',
  '#/event',
  'must be the name of the event',
  'send it as text, such as "event": "Order Completed"',
);
const NOT_MAPPED = Rejection.of(
  'event-not-mapped',
  '#/event',
  'must be an event that the mapping of its source names',
  'add it to the events of the source, then send it again or release it with its fixed form',
);

/** The name that a registered type of an event has: `Song Played` is song-played. */
export const typeNameOf = (event: string): string =>
  event
    .trim()
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, '-')
    .replace(/^-+|-+$/g, '');
