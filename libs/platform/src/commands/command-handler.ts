import type { OptionalFactoryDependency, Provider, Type } from '@nestjs/common';
import { CommandHandler } from '@nestjs/cqrs';

/**
 * Provides the handler of a command, and registers it with the command bus. The handlers are plain classes without decorators: the command line and
 * specs use them without loading Nest.
 */
export function commandHandler<Handler extends object>(
  command: Type,
  handler: new (...args: never[]) => Handler,
  inject: readonly (symbol | Type | OptionalFactoryDependency)[],
  useFactory: (...args: never[]) => Handler = (...args) => new handler(...args),
): Provider {
  CommandHandler(command)(handler);
  return { provide: handler, useFactory, inject: [...inject] };
}
