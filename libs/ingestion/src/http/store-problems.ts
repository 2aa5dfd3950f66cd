import { Catch, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { EventLogError } from '#event-log';
import { KeyStoreError } from '#keys';
import { LOGGER, type Logger } from '#platform';
import { Problem, ProblemFilter } from '#platform/nest';

const RETRY_LATER = { 'retry-after': '5' };

/**
 * Answers with a problem where a store cannot write: the sender may try again, and nothing was acknowledged. It is a filter, which
 * costs a successful request nothing; an interceptor would run for each.
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

/** The problem of a failing store; any other error is returned as it is. */
export function problemOf(error: unknown): unknown {
  const isLog = error instanceof EventLogError;
  if (!isLog && !(error instanceof KeyStoreError)) return error;
  return error.code === 'full'
    ? new Problem(507, { type: 'disk-full', detail: `${error.message} What was not acknowledged is not stored.` })
    : new Problem(503, {
        type: `${isLog ? 'log' : 'keys'}-${error.code}`,
        detail: error.message,
        headers: RETRY_LATER,
      });
}
