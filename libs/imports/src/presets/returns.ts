import type { Instant } from '#contracts';

/** An order as far as returns are concerned. */
export interface ReturnableOrder {
  readonly orderId: string;
  readonly customer: string;
  readonly at: Instant;
  /** Its place in the file: of two orders at one instant, the one further down is the later one. */
  readonly firstLine: number;
  /** What has not come back yet, by article. `matchReturns` counts it down. */
  readonly left: Map<string, number>;
}

export interface ReturnLine {
  readonly line: number;
  readonly customer: string;
  readonly at: Instant;
  readonly sku: string;
  readonly quantity: number;
}

export interface Matched {
  readonly orderId: string;
  /** With this line nothing of the order is left. */
  readonly emptied: boolean;
}

/**
 * Which order each returned line takes from: the same customer's latest order that is not later than it and still has enough of the article. An order of the same
 * minute counts as before, as it does in the fold, where an order precedes a return at one instant. Lines are taken by time, then by their place
 * in the file. By line number; a line that matches no order is absent.
 */
export function matchReturns(
  orders: readonly ReturnableOrder[],
  returns: readonly ReturnLine[],
): ReadonlyMap<number, Matched> {
  const byCustomer = new Map<string, ReturnableOrder[]>();
  for (const order of orders) {
    const of = byCustomer.get(order.customer);
    if (of === undefined) byCustomer.set(order.customer, [order]);
    else of.push(order);
  }
  for (const of of byCustomer.values()) of.sort((a, b) => b.at - a.at || b.firstLine - a.firstLine);
  const matched = new Map<number, Matched>();
  for (const line of [...returns].sort((a, b) => a.at - b.at || a.line - b.line)) {
    const order = byCustomer
      .get(line.customer)
      ?.find((candidate) => candidate.at <= line.at && (candidate.left.get(line.sku) ?? 0) >= line.quantity);
    if (order === undefined) continue;
    const left = (order.left.get(line.sku) ?? 0) - line.quantity;
    if (left > 0) order.left.set(line.sku, left);
    else order.left.delete(line.sku);
    matched.set(line.line, { orderId: order.orderId, emptied: order.left.size === 0 });
  }
  return matched;
}
