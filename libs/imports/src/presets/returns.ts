import type { Instant } from '#contracts';

/** What matching returns needs to know of an order. */
export interface ReturnableOrder {
  readonly orderId: string;
  readonly customer: string;
  readonly at: Instant;
  /** Its line in the file: of two orders at one instant, the one further down is the later one. */
  readonly firstLine: number;
  /** The quantity not returned yet, by article. `matchReturns` decrements it. */
  readonly left: Map<string, number>;
}

export interface ReturnLine {
  readonly line: number;
  readonly customer: string;
  readonly at: Instant;
  readonly sku: string;
  readonly quantity: number;
}

export interface ReturnMatch {
  readonly orderId: string;
  /** Whether this line returns the last of the order. */
  readonly completes: boolean;
}

/**
 * The order that each returned line belongs to: the same customer's latest order that is not later than the return and still has enough of the
 * article. An order of the same minute counts as earlier, as it does in the fold, where an order precedes a return at one instant. Lines are
 * matched in the order of time, then of the file. The result is by line number; a line that matches no order is absent.
 */
export function matchReturns(
  orders: readonly ReturnableOrder[],
  returns: readonly ReturnLine[],
): ReadonlyMap<number, ReturnMatch> {
  const byCustomer = new Map<string, ReturnableOrder[]>();
  for (const order of orders) {
    const theirs = byCustomer.get(order.customer);
    if (theirs === undefined) byCustomer.set(order.customer, [order]);
    else theirs.push(order);
  }
  for (const theirs of byCustomer.values()) theirs.sort((a, b) => b.at - a.at || b.firstLine - a.firstLine);
  const matched = new Map<number, ReturnMatch>();
  for (const line of [...returns].sort((a, b) => a.at - b.at || a.line - b.line)) {
    const order = byCustomer
      .get(line.customer)
      ?.find((candidate) => candidate.at <= line.at && (candidate.left.get(line.sku) ?? 0) >= line.quantity);
    if (order === undefined) continue;
    const left = (order.left.get(line.sku) ?? 0) - line.quantity;
    if (left > 0) order.left.set(line.sku, left);
    else order.left.delete(line.sku);
    matched.set(line.line, { orderId: order.orderId, completes: order.left.size === 0 });
  }
  return matched;
}
