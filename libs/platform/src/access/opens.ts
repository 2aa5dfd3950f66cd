import { randomUUID } from 'node:crypto';
import { applyDecorators, createParamDecorator, SetMetadata, type ExecutionContext } from '@nestjs/common';
import { ApiExtension, ApiHeader } from '@nestjs/swagger';
import { ApiProblems } from '../problems/api-problems.js';
import { Problem } from '../problems/problem.js';
import type { OpeningRequest } from './openings.js';
import type { GuardedRequest } from './allow.js';
import { OPENING_HEADERS, statedPurposeIn } from './stated-purpose.js';

export const OPENS = 'perennial:opens';

/**
 * Marks a handler that may give personal data in the clear, and documents the headers by which a request states its purpose. Only such a handler gets
 * an `OpeningRequest`, without which nothing is opened.
 */
export const Opens = (): MethodDecorator =>
  applyDecorators(
    SetMetadata(OPENS, true),
    ApiExtension('x-opens', true),
    ...Object.values(OPENING_HEADERS).map(({ name, description }) =>
      ApiHeader({ name, required: false, description, schema: { type: 'string' } }),
    ),
    ApiProblems(400, 503),
  );

/**
 * What a request that the guard has let in states about opening personal data.
 * @throws Problem 400 where a header cannot be read
 */
export function openingRequestOf({ headers, principal }: GuardedRequest): OpeningRequest | null {
  if (principal === undefined) return null;
  const reading = statedPurposeIn(headers);
  if (!reading.ok)
    throw new Problem(400, {
      type: 'invalid-purpose',
      detail: 'The headers that state why personal data are opened are not valid.',
      errors: reading.errors,
    });
  const { stated, kind } = reading;
  return { ...stated, principal, kind: kind ?? 'view', requestId: randomUUID() };
}

/** What the request states about opening personal data, as a parameter of a handler; null where the handler is not marked with `@Opens()`. */
export const StatedOpening = createParamDecorator((_: unknown, context: ExecutionContext): OpeningRequest | null => {
  return context.switchToHttp().getRequest<GuardedRequest>().opening ?? null;
});
