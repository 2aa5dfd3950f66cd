import type { Server } from 'node:http';
import { inspect } from 'node:util';
import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { configureApp } from './configure-app.js';
import type { Config } from '../config/config.js';
import { createHttpAdapter } from '../http-adapter.js';
import type { Logger } from '../logging/logger.js';
import { NestLogger } from '../logging/nest-logger.js';
import { LOGGER } from '../tokens.js';

/** One process of the engine: what it is made of, and what it does as it comes and goes. */
export interface Serving {
  readonly module: DynamicModule;
  readonly config: Config;
  /** 0 takes a free one. */
  readonly port: number;
  /** Once the stores are open, before anybody is let in. */
  prepare?(app: NestFastifyApplication): Promise<void>;
  /** Once it listens, at this address as a browser of this machine finds it. */
  listening?(app: NestFastifyApplication, url: string): Promise<void> | void;
  /** Asked to end: before anything else is stopped. */
  stopping?(): void;
  /** Nobody is let in any more, and every request was answered; the stores are still open. */
  drained?(): Promise<void>;
  /** The stores are closed. */
  closed?(): void;
}

/** A process that has not ended by then, after it was asked to, ends all the same, with exit code 1. */
const STOP_MS_MAX = 25_000;

/**
 * Runs a process until it is asked to end (SIGTERM or SIGINT): then it stops accepting, answers what it accepted, lets its parts
 * finish their step and commit, closes its stores, and ends with exit code 0. Whoever asks twice does not want to wait.
 *
 * @throws what the stores throw while they are opened
 */
export async function serve(serving: Serving): Promise<void> {
  const { config } = serving;
  const app = await NestFactory.create<NestFastifyApplication>(serving.module, createHttpAdapter(config), {
    // Until there is a logger of ours: what keeps it from starting is told once, by whoever called.
    logger: false,
    abortOnError: false,
  });
  configureApp(app);
  const logger = app.get<Logger>(LOGGER);
  app.useLogger(new NestLogger(logger));
  await serving.prepare?.(app);
  await app.listen(serving.port, config.host);
  stopOnSignal(app, logger, serving);
  await serving.listening?.(app, urlOf(app, config));
}

/**
 * Starts a process, or says why not and ends: what the person who starts it can fix is told in a sentence, anything else
 * with its trace.
 */
export async function startProcess(start: () => Promise<void>): Promise<void> {
  try {
    await start();
  } catch (error) {
    process.stderr.write(`${isFixable(error) ? `perennial: ${error.message}` : inspect(error)}\n`);
    process.exit(1);
  }
}

const FIXABLE = new Set(['ConfigError', 'EventLogError', 'KeyStoreError', 'DatabaseError']);

// Told by name: this lib does not know the others' classes.
const isFixable = (error: unknown): error is Error => error instanceof Error && FIXABLE.has(error.name);

function urlOf(app: NestFastifyApplication, { host }: Config): string {
  const { port } = app.getHttpServer().address() as { readonly port: number };
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

/**
 * Lets nobody in any more, and resolves once every request was answered. A connection that a client keeps open for its next
 * request is closed as soon as it is idle: it would hold up the end for as long as the client likes.
 */
async function drain(app: NestFastifyApplication): Promise<void> {
  const server = app.getHttpServer() as Server;
  const sweeping = setInterval(() => server.closeIdleConnections(), 50);
  try {
    await app.getHttpAdapter().getInstance().close();
  } finally {
    clearInterval(sweeping);
  }
}

function stopOnSignal(app: NestFastifyApplication, logger: Logger, serving: Serving): void {
  let stopping = false;
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    if (stopping) process.exit(1);
    stopping = true;
    logger.info({ signal }, 'stopping');
    setTimeout(() => {
      logger.error({ afterMs: STOP_MS_MAX }, 'did not stop in time, and is ended');
      process.exit(1);
    }, STOP_MS_MAX).unref();
    try {
      serving.stopping?.();
      await drain(app);
      await serving.drained?.();
      await app.close();
      serving.closed?.();
      process.exit(0);
    } catch (error) {
      logger.error({ err: error }, 'did not stop cleanly');
      process.exit(1);
    }
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, (got) => void stop(got));
}
