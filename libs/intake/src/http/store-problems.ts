import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { catchError, throwError, type Observable } from 'rxjs';
import { EventLogError } from '#event-log';
import { KeyStoreError, Problem } from '#platform';

const RETRY_LATER = { 'retry-after': '5' };

/** Tells a store that cannot write for what it is: the sender may try again, and nothing was acknowledged. */
@Injectable()
export class StoreProblems implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(catchError((error: unknown) => throwError(() => problemOf(error))));
  }
}

function problemOf(error: unknown): unknown {
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
