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
import type { StoreWatch } from '../stores/store-watch.js';
import { LOGGER, STORE_WATCH } from '../tokens.js';
import { ReservedPort } from './reserve-port.js';

/** One process of the engine: its module, and its hooks from start to end, in the order in which they are called. */
export interface ServeOptions {
  /** Called once the process has its port: it may take locks and read files. */
  readonly module: () => DynamicModule;
  readonly config: Config;
  /** 0 picks a free one. */
  readonly port: number;
  /** The setting that names the port: `PORT`. */
  readonly portSetting: string;
  /** After the stores are opened, before the server listens. */
  prepare?(app: NestFastifyApplication): Promise<void>;
  /** After the server listens, at this address as a browser of this machine reaches it. */
  listening?(app: NestFastifyApplication, url: string): Promise<void> | void;
  /** On the signal to end, before anything is stopped. */
  stopping?(): void;
  /** After every accepted request is answered; the stores are still open. */
  drained?(): Promise<void>;
  /** After the stores are closed. */
  closed?(): void;
}

/** A process that has not ended so long after the signal is ended with exit code 1. */
const STOP_MS_MAX = 25_000;
/** So long a process waits for what it closes while a store is away. */
const CLOSE_MS_MAX = 6_000;

/**
 * Runs a process until SIGTERM or SIGINT: then it stops accepting requests, answers those that it has accepted, lets its parts finish their
 * batch and commit, closes its stores, and ends with exit code 0. A second signal ends it at once, with exit code 1.
 *
 * The port is taken before anything is opened or written; until the process answers, requests get 503.
 *
 * @throws ListenError where the port cannot be had; the error of a store that cannot be opened
 */
export async function serve(options: ServeOptions): Promise<void> {
  const { config } = options;
  const reserved = await ReservedPort.open({ ...options, host: config.host });
  try {
    const app = await NestFactory.create<NestFastifyApplication>(options.module(), createHttpAdapter(config), {
      // Before our logger exists: the caller reports, once, the error that prevents the start.
      logger: false,
      abortOnError: false,
    });
    configureApp(app);
    const logger = app.get<Logger>(LOGGER);
    app.useLogger(new NestLogger(logger));
    await options.prepare?.(app);
    reserved.handTo(app.getHttpServer() as Server);
    await app.listen(options.port, config.host);
    stopOnSignal(app, logger, options);
    await options.listening?.(app, urlOf(app, config));
  } catch (error) {
    reserved.close();
    throw error;
  }
}

/**
 * Starts a process, or prints why it cannot start and ends: an error that the operator can fix is printed as a sentence, any other with its
 * stack trace.
 */
export async function startProcess(start: () => Promise<void>): Promise<void> {
  // What the engine makes is readable by its owner only, in whatever folder it makes it.
  process.umask(0o077);
  try {
    await start();
  } catch (error) {
    process.stderr.write(
      `${isFixable(error) ? `perennial: ${error.message}` : isOfSystem(error) ? `perennial: The process cannot start: ${error.message}.` : inspect(error)}\n`,
    );
    process.exit(error instanceof Error && error.name === 'StoreMismatchError' ? EXIT_MISMATCH : 1);
  }
}

/** Stores do not belong together: nothing was served, and nothing written. */
const EXIT_MISMATCH = 3;

const FIXABLE = new Set([
  'StoreMismatchError',
  'ConfigError',
  'ListenError',
  'EventLogError',
  'KeyStoreError',
  'DatabaseError',
  'JournalError',
]);

// Recognised by name: this lib does not import the libs that declare the classes.
const isFixable = (error: unknown): error is Error => error instanceof Error && FIXABLE.has(error.name);

/** An error of the operating system about a file or a socket: what an operator can change. */
const isOfSystem = (error: unknown): error is Error =>
  error instanceof Error && 'syscall' in error && /^E[A-Z]+$/.test(String((error as NodeJS.ErrnoException).code));

function urlOf(app: NestFastifyApplication, { host }: Config): string {
  const { port } = app.getHttpServer().address() as { readonly port: number };
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

/**
 * Stops accepting connections, and resolves once every request is answered. A kept-alive connection is closed as soon as it is idle: a client
 * could delay the end with it.
 */
async function drain(app: NestFastifyApplication): Promise<void> {
  const server = app.getHttpServer() as Server;
  const closingIdle = setInterval(() => server.closeIdleConnections(), 50);
  try {
    await app.getHttpAdapter().getInstance().close();
  } finally {
    clearInterval(closingIdle);
  }
}

/**
 * Waits until everything is closed, though not for a store that is away: what it acknowledged is there, and nothing else was promised. Resolves
 * with what is away, or with null once all is closed.
 */
async function closedUnlessAway(closing: Promise<void>, watch: StoreWatch): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const away = new Promise<string>((resolve) => {
    const begun = performance.now();
    timer = setInterval(() => {
      const cause = performance.now() - begun < CLOSE_MS_MAX ? null : watch.failingFor(CLOSE_MS_MAX / 2);
      if (cause !== null) resolve(cause);
    }, 250);
  });
  try {
    return await Promise.race([closing.then(() => null), away]);
  } finally {
    clearInterval(timer);
  }
}

function stopOnSignal(app: NestFastifyApplication, logger: Logger, options: ServeOptions): void {
  let stopping = false;
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    if (stopping) process.exit(1);
    stopping = true;
    logger.info({ signal }, 'stopping');
    setTimeout(() => {
      logger.error({ afterMs: STOP_MS_MAX }, 'the process did not stop in time and is ended');
      process.exit(1);
    }, STOP_MS_MAX).unref();
    try {
      options.stopping?.();
      // What waits for a store that does not answer would wait for ever: it gives up, and its requests are answered.
      const watch = app.get<StoreWatch>(STORE_WATCH);
      watch.end();
      const closing = (async () => {
        await drain(app);
        await options.drained?.();
        await app.close();
      })();
      const away = await closedUnlessAway(closing, watch);
      if (away !== null) logger.warn({ cause: away }, 'a store that does not answer is not waited for');
      options.closed?.();
      logger.info({}, 'stopped');
      process.exit(0);
    } catch (error) {
      logger.error({ err: error }, 'the process did not stop cleanly');
      process.exit(1);
    }
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, (got) => void stop(got));
}
