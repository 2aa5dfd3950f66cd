/** Ingestion as a module of a Nest application: its routes, its commands on the bus, its Kafka consumer. */
export { IngestionModule } from './ingestion.module.js';
