import {
  Default,
  Describe,
  documentReader,
  Hint,
  ListOf,
  Matching,
  Moment,
  OneOf,
  Optional,
  TextAs,
  unreadable,
  Whole,
  type DocumentRule,
} from '#contracts';
import { FEEDS } from '../registry.js';
import { NOTICES } from './notices.js';

/** Request bodies and query parameters of the webhook routes. */

const FEED_NAMES = FEEDS.map(({ name }) => name);
const URL_LENGTH_MAX = 2_048;
const MESSAGES_MAX = 1_000;
const URL_HINT = 'give an https URL, or have WEBHOOK_HOSTS allow its host';

/** An endpoint to register. */
export class NewWebhook {
  @TextAs(`a URL of at most ${URL_LENGTH_MAX} characters`, (text) =>
    text.length <= URL_LENGTH_MAX && URL.canParse(text)
      ? { value: new URL(text) }
      : unreadable(`must be a URL of at most ${URL_LENGTH_MAX} characters`, URL_HINT),
  )
  @Describe('Where messages are sent: an https URL; http only to hosts that WEBHOOK_HOSTS names and to this machine')
  @Hint(URL_HINT)
  readonly url!: URL;

  @ListOf(OneOf(...FEED_NAMES, NOTICES), 1, 100)
  @Default(FEED_NAMES)
  @Describe(
    'The feeds that it receives; by default all that concern customers. perennial.operations: messages for operators, such as keys that expire',
  )
  readonly feeds!: readonly string[];
}

export const NEW_WEBHOOK = documentReader(NewWebhook);

/** A change of an endpoint. */
export class WebhookChange {
  @OneOf('active', 'paused')
  @Describe('paused: messages stay pending; active: they are sent at once')
  readonly status!: 'active' | 'paused';
}

export const WEBHOOK_CHANGE = documentReader(WebhookChange);

/** Where a replay begins. Without fields: at what the endpoint missed. */
export class WebhookReplay {
  @Optional()
  @Whole(0, Number.MAX_SAFE_INTEGER)
  @Describe('Leaves out what rests only on the log before this position')
  readonly fromPosition?: number;

  @Optional()
  @Moment()
  @Describe('Instead of a position: an instant; the replay begins at the position that the log had then')
  readonly from?: string;
}

const onlyOneBeginning: DocumentRule<WebhookReplay> = ({ fromPosition, from }) =>
  fromPosition === undefined || from === undefined
    ? []
    : [
        {
          pointer: '#/from',
          detail: 'must not be given together with fromPosition',
          hint: 'give one of the two, or neither for what the endpoint missed',
        },
      ];

export const WEBHOOK_REPLAY = documentReader(WebhookReplay, { rules: [onlyOneBeginning] });

/** Dead letters to send again. */
export class DeadLettersToSend {
  @Optional()
  @ListOf(Matching('^[\\x21-\\x7e]+$', 200, 'a webhook-id'), 0, MESSAGES_MAX)
  @Describe('Their webhook-ids; all dead letters by default')
  readonly messages?: readonly string[];
}

export const DEAD_LETTERS_TO_SEND = documentReader(DeadLettersToSend);

/** A page of deliveries. */
export class DeliveryPage {
  @Whole(0, Number.MAX_SAFE_INTEGER)
  @Default(0)
  @Describe('The `seq` of the last delivery of the page before')
  readonly after!: number;

  @Whole(0, 1_000)
  @Default(100)
  @Describe('The number of deliveries at most')
  readonly limit!: number;
}

export const DELIVERY_PAGE = documentReader(DeliveryPage, { texts: {} });
