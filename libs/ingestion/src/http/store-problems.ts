import { Catch, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { EventLogError } from '#event-log';
import { KeyStoreError } from '#keys';
import { LOGGER, type Logger } from '#platform';
import { Problem, ProblemFilter } from '#platform/nest';

const RETRY_LATER = { 'retry-after': '5' };

/**
 * Tells a store that cannot write for what it is: the sender may try again, and nothing was acknowledged. A filter, which
 * costs a request that succeeds nothing: an interceptor leads each of them through a pipeline of its own.
 */
@Catch(EventLogError, KeyStoreError)
export class StoreProblems implements ExceptionFilter<EventLogError | KeyStoreError> {
  private readonly problems: ProblemFilter;

  constructor(@Inject(LOGGER) logger: Logger) {
    this.problems = new ProblemFilter(logger);
  }

  catch(error: EventLogError | KeyStoreError, host: ArgumentsHost): void {
    this.problems.catch(problemOf(error), host);
  }
}

/** What a failing store is told as; any other error is given back as it is. */
export function problemOf(error: unknown): unknown {
  const isLog = error instanceof EventLogError;
  if (!isLog && !(error instanceof KeyStoreError)) return error;
  return error.code === 'full'
    ? new Problem(507, { type: 'disk-full', detail: `${error.message} Nothing that was not acknowledged is stored.` })
    : new Problem(503, {
        type: `${isLog ? 'log' : 'keys'}-${error.code}`,
        detail: error.message,
        headers: RETRY_LATER,
      });
}
