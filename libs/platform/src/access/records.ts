import {
  applyDecorators,
  Inject,
  Injectable,
  SetMetadata,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiExtension } from '@nestjs/swagger';
import { mergeMap, type Observable } from 'rxjs';
import type { FactName } from '#contracts';
import { ACTS } from '../tokens.js';
import type { Acts } from './acts.js';
import type { GuardedRequest } from './allow.js';
import { actorOf } from './principal.js';

const OPERATION = 'perennial:operation';

/** Records that an operation was done once the handler has succeeded; the answer waits until the record is durable. */
@Injectable()
export class OperationRecorder implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    @Inject(ACTS) private readonly acts: Acts,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const operation = this.reflector.get<string>(OPERATION, context.getHandler());
    const { principal } = context.switchToHttp().getRequest<GuardedRequest>();
    if (principal === undefined) return next.handle();
    return next.handle().pipe(
      mergeMap(async (answer: unknown) => {
        await this.acts.record({ name: 'operation-started', by: actorOf(principal), data: { operation } });
        return answer;
      }),
    );
  }
}

/** A handler whose success is recorded as the act `operation-started` with this operation: for what leaves no record of its own. */
export const RecordsOperation = (operation: string): MethodDecorator =>
  applyDecorators(
    SetMetadata(OPERATION, operation),
    ApiExtension('x-records', `operation-started ${operation}`),
    UseInterceptors(OperationRecorder),
  );

/** Says which fact a handler records itself: every administrative route that changes something says one. */
export const Records = (...facts: readonly [FactName, ...FactName[]]): MethodDecorator =>
  ApiExtension('x-records', facts.join(' or '));

/** A handler that changes nothing although it is no GET, or whose events are the record themselves: with the reason. */
export const RecordsNothing = (reason: string): MethodDecorator => ApiExtension('x-records', `nothing: ${reason}`);
