import type { Config } from '../config/config.js';
import type { Channels } from './channel.js';
import type { ChannelLogger } from './kafka/kafka-channels.js';
import type { KafkaConnection } from './kafka/connection.js';

/** The channels' broker at this place. Its client is loaded here and not before; nothing is connected before it is needed. */
export async function channelsAt(place: KafkaConnection, log: ChannelLogger): Promise<Channels> {
  const { KafkaChannels } = await import('./kafka/kafka-channels.js');
  return new KafkaChannels(place, log);
}

/** The channels' broker that the config names; null where it names none. */
export async function openChannels(
  { kafkaBrokers: brokers, kafkaTls: tls, kafkaSasl: sasl }: Config,
  log: ChannelLogger,
): Promise<Channels | null> {
  return brokers === null ? null : channelsAt({ brokers, tls, sasl }, log);
}
