import { describe, expect, it } from '@jest/globals';
import { likelyField, likelyNamespace } from './did-you-mean.js';
import { NAMESPACES } from './identifiers.js';
import { touchpointSchema } from './schemas.js';

const fieldsOf = (type: string): string[] => Object.keys(touchpointSchema(type)?.['properties'] as object);
const LINE = ['sku', 'name', 'category', 'quantity', 'unitPriceMinor', 'discountMinor', 'costMinor'];

describe('the field that was meant', () => {
  it.each([
    ['items', fieldsOf('cart-updated'), 'lines'],
    ['lineItems', fieldsOf('order-placed'), 'lines'],
    ['line_items', fieldsOf('order-placed'), 'lines'],
    ['order_id', fieldsOf('order-placed'), 'orderId'],
    ['orderID', fieldsOf('order-placed'), 'orderId'],
    ['total', fieldsOf('order-placed'), 'totalMinor'],
    ['curency', fieldsOf('order-placed'), 'currency'],
    ['productCategory', LINE, 'category'],
    ['product_category', LINE, 'category'],
    ['price', LINE, 'unitPriceMinor'],
    ['qty', LINE, 'quantity'],
    ['productId', LINE, 'sku'],
    ['refundAmount', fieldsOf('order-returned'), 'amountMinor'],
    ['type2', ['id', 'source', 'type', 'channel'], 'type'],
    ['chanel', ['id', 'source', 'type', 'channel'], 'channel'],
  ])('%s is read as %j has it', (given, fields, meant) => {
    expect(likelyField(given, fields)).toBe(meant);
  });

  it.each([['giftWrap'], ['x'.repeat(100)], ['!'], [''], ['constructor'], ['__proto__'], ['toString']])(
    '%s is like none',
    (given) => {
      expect(likelyField(given, LINE)).toBeNull();
    },
  );
});

describe('the namespace that was meant', () => {
  it.each([
    ['e-mail', 'email'],
    ['E-Mail', 'email'],
    ['EMAIL', 'email'],
    ['e_mail', 'email'],
    ['emial', 'email'],
    ['mail', 'email'],
    ['emailAddress', 'email'],
    ['user_id', 'userId'],
    ['userid', 'userId'],
    ['UserID', 'userId'],
    ['Phone', 'phone'],
    ['mobile', 'phone'],
    ['anonymous_id', 'anonymousId'],
    ['loyalty-card', 'loyaltyCard'],
    ['deviceid', 'deviceId'],
  ])('%s is %s', (given, meant) => {
    expect(likelyNamespace(given)).toBe(meant);
  });

  it.each([
    ...NAMESPACES,
    'crmId',
    'customerId',
    'accountId',
    'memberNo',
    'x',
    'gaClientId',
    'constructor',
    '__proto__',
  ])('%s is meant as it stands', (given) => {
    expect(likelyNamespace(given)).toBeNull();
  });
});
