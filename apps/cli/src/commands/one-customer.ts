import { Argument, type Command } from 'commander';
import type { RawParams } from '#queries';

export const CUSTOMER_HELP = 'customer id, or an identifier such as userId:0001';

/** Adds the argument that names one customer, and the two time axes. */
export function withCustomerOptions(command: Command): Command {
  return command
    .addArgument(new Argument('<customer>', CUSTOMER_HELP))
    .option('--as-of <date>', 'what was true at this instant (default: now)')
    .option('--known-at <date>', 'what was known at this instant (default: everything known now)');
}

export interface CustomerOptions {
  readonly asOf?: string;
  readonly knownAt?: string;
}

/** The parameters of a query about one customer. */
export function customerParams(customer: string, { asOf, knownAt }: CustomerOptions = {}): RawParams {
  return {
    ...(customer.includes(':') ? { identifier: customer } : { customer }),
    ...(asOf === undefined ? {} : { 'as-of': asOf }),
    ...(knownAt === undefined ? {} : { 'known-at': knownAt }),
  };
}
