/** Intake as a module of a Nest application: its routes, and its commands on the bus. */
export { IngestionModule } from './ingestion.module.js';
