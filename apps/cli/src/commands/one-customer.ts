import { Argument, type Command } from 'commander';
import type { RawParams } from '#queries';

/** Adds the argument that names one customer, and the two axes of time. */
export function withCustomerOptions(command: Command): Command {
  return command
    .addArgument(new Argument('<customer>', 'their id, or an identifier as NAMESPACE:VALUE, such as userId:0001'))
    .option('--as-of <date>', 'what was true at this instant; now unless said')
    .option('--known-at <date>', 'what was believed at this instant; everything known now unless said');
}

export interface CustomerOptions {
  readonly asOf?: string;
  readonly knownAt?: string;
}

/** The parameters by which every question about one customer is asked. */
export function customerParams(customer: string, { asOf, knownAt }: CustomerOptions = {}): RawParams {
  return {
    ...(customer.includes(':') ? { identifier: customer } : { customer }),
    ...(asOf === undefined ? {} : { 'as-of': asOf }),
    ...(knownAt === undefined ? {} : { 'known-at': knownAt }),
  };
}
