import type { Config } from '../config/config.js';
import type { Channels } from './channel.js';
import type { ChannelLogger } from './kafka/kafka-channels.js';
import type { KafkaConnection } from './kafka/connection.js';

/** The channels by these brokers. The client library is loaded here, and not before; connections are opened when they are needed. */
export async function connectChannels(connection: KafkaConnection, log: ChannelLogger): Promise<Channels> {
  const { KafkaChannels } = await import('./kafka/kafka-channels.js');
  return new KafkaChannels(connection, log);
}

/** The channels by the brokers that the config names; null where it names none. */
export async function openChannels(
  { kafkaBrokers: brokers, kafkaTls: tls, kafkaSasl: sasl }: Pick<Config, 'kafkaBrokers' | 'kafkaTls' | 'kafkaSasl'>,
  log: ChannelLogger,
): Promise<Channels | null> {
  return brokers === null ? null : connectChannels({ brokers, tls, sasl }, log);
}
