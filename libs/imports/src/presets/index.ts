import { mappedReader } from '../mapped-reader.js';
import { parseMapping } from '../mapping.js';
import { cdnowReader } from './cdnow.js';
import { onlineRetailReader } from './online-retail.js';
import type { Preset } from './preset.js';
import { rfmOrders } from './rfm-orders.js';
import { shopifyOrders } from './shopify-orders.js';
import { stripePayments } from './stripe-payments.js';
import { touchpointsReader } from './touchpoints.js';
import { woocommerceOrders } from './woocommerce-orders.js';

export type { Preset, PresetOptions } from './preset.js';

export const PRESETS: readonly Preset[] = [
  mapped({
    name: 'shopify-orders',
    summary: 'orders as Shopify exports them: lines, refunds, cancellations, guests',
    source: 'shopify',
    marks: ['Name', 'Lineitem quantity', 'Created at'],
    mapping: shopifyOrders,
  }),
  mapped({
    name: 'woocommerce-orders',
    summary: 'orders as plugins of WooCommerce export them',
    source: 'woocommerce',
    marks: ['Order Number', 'Order Status', 'Order Total Amount'],
    needsCurrency: true,
    mapping: woocommerceOrders,
  }),
  mapped({
    name: 'stripe-payments',
    summary: 'payments as Stripe exports them, with refunds and lost disputes',
    source: 'stripe',
    marks: ['id', 'Amount', 'Amount Refunded', 'Currency'],
    mapping: stripePayments,
  }),
  mapped({
    name: 'rfm-orders',
    summary: 'a customer, a date and an amount in each row',
    source: 'orders',
    needsCurrency: true,
    mapping: rfmOrders,
  }),
  {
    name: 'cdnow',
    summary: 'CDNOW_sample.txt: one purchase a line, in US dollars',
    source: null,
    reader: ({ timeZone }) => cdnowReader(timeZone),
  },
  {
    name: 'online-retail',
    summary: 'UCI Online Retail as CSV: orders and returns, in pounds',
    source: null,
    reader: ({ timeZone }) => onlineRetailReader(timeZone),
  },
  {
    name: 'touchpoints',
    summary: 'NDJSON of touchpoints, as `simulate` writes it',
    source: null,
    reader: () => touchpointsReader(),
  },
];

/** A preset that is a mapping. */
function mapped(preset: Omit<Preset, 'reader'> & Required<Pick<Preset, 'mapping'>>): Preset {
  const { name, mapping } = preset;
  return { ...preset, reader: (options) => mappedReader(parseMapping(mapping(options)), name) };
}
