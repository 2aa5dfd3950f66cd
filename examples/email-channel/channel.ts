import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel, type EachBatchPayload } from 'kafkajs';
import { actionsToDo, type Action } from './actions-to-do.js';
import { recipientOf, type EngineAccess, type Recipient } from './engine.js';

const ACTIONS = 'perennial.actions';
const TOUCHPOINTS = 'touchpoints.email';
/** The source of the touchpoints of this channel. */
const SOURCE = 'email-channel';
/** How long a simulated customer takes to answer. */
const ANSWER_MS = 100;

export interface ChannelOptions {
  readonly brokers: readonly string[];
  readonly engine: EngineAccess;
  /** The answer of every simulated customer; null for a mix of answers. */
  readonly answer: 'accepted' | 'declined' | 'ignored' | null;
  readonly log: (line: string) => void;
}

/** Starts the channel. Resolves once it has joined its consumer group, with a function that stops it. */
export async function startEmailChannel({
  brokers,
  engine,
  answer,
  log,
}: ChannelOptions): Promise<() => Promise<void>> {
  const kafka = new Kafka({ clientId: SOURCE, brokers: [...brokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: TOUCHPOINTS, numPartitions: 6 }] });
  await admin.disconnect();

  const producer = kafka.producer({ idempotent: true });
  await producer.connect();
  const publish = async (type: string, { actionId, customerId }: Action, { email }: Recipient, data: object) => {
    await producer.send({
      topic: TOUCHPOINTS,
      messages: [
        {
          key: customerId,
          value: JSON.stringify(data),
          headers: {
            ce_specversion: '1.0',
            // Published again after a crash, it is a duplicate. No time is given, since a differing time would make it another event.
            ce_id: `${type}-${actionId}`,
            ce_source: SOURCE,
            ce_type: type,
            ce_channel: 'email',
            ce_subject: `email:${email}`,
            'content-type': 'application/json',
          },
        },
      ],
    });
  };

  const send = async (action: Action): Promise<void> => {
    const recipient = await recipientOf(engine, action.customerId);
    if (recipient === null) return log(`${action.customerId}: no address`);
    // The withdrawal may not have arrived yet: the current stage decides.
    if (recipient.stage !== action.stage || recipient.phase !== action.phase)
      return log(`${recipient.email}: already in another phase`);
    // A real channel sends the mail here, with the actionId as the idempotency key of its provider.
    log(`${recipient.email}: ${action.action} (${action.stage}, ${action.phase})`);
    const { actionId, medium, purpose } = action;
    await publish('contact-made', action, recipient, { actionId, medium, purpose, topic: action.action });
    await sleep(ANSWER_MS);
    const given = answer ?? ANSWERS[parseInt(action.actionId.slice(-2), 16) % ANSWERS.length] ?? 'ignored';
    await publish('response-given', action, recipient, { actionId, answer: given });
    // A customer who accepts has clicked the link: this touchpoint moves them to the next phase.
    if (given === 'accepted') await publish('message-clicked', action, recipient, { messageId: actionId, medium });
  };

  const done = new Map<string, number>();
  const consumer = kafka.consumer({ groupId: SOURCE });
  await consumer.connect();
  await consumer.subscribe({ topics: [ACTIONS], fromBeginning: true });
  const joined = new Promise<void>((resolve) => consumer.on(consumer.events.GROUP_JOIN, () => resolve()));
  await consumer.run({
    // Batch by batch: an action that is withdrawn later in the batch is never sent.
    eachBatch: async ({ batch, heartbeat, resolveOffset, isRunning }: EachBatchPayload) => {
      const messages = batch.messages.map(({ value }) => JSON.parse(String(value)) as Action);
      for (const action of actionsToDo(messages, done, Date.now())) {
        if (!isRunning()) return;
        await send(action);
        await heartbeat();
      }
      for (const { customerId, number } of messages) done.set(customerId, Math.max(number, done.get(customerId) ?? 0));
      resolveOffset(batch.lastOffset());
    },
  });
  await joined;
  return async () => {
    await consumer.disconnect();
    await producer.disconnect();
  };
}

const ANSWERS = ['accepted', 'accepted', 'ignored', 'declined'] as const;
