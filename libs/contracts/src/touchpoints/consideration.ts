import { AmountMinor, Currency, FreeText, Id, Optional, Personal, Text, Whole } from '../fields.js';

/** The customer looked at a product. */
export class ProductViewed {
  @Optional() @Id() sku?: string;
  @Optional() @Text() name?: string;
  @Optional() @Text() category?: string;
  @Optional() @AmountMinor() priceMinor?: number;
  @Optional() @Currency() currency?: string;
}

/** The customer searched among the products. */
export class ProductSearched {
  @Optional() @FreeText() @Personal('free-text') query?: string;
  @Optional() @Text() category?: string;
  /** How many products were found. */
  @Optional() @Whole(0, 1_000_000_000) results?: number;
}

/** The customer put a product on a list of wishes. */
export class WishListed {
  @Optional() @Id() sku?: string;
  @Optional() @Text() name?: string;
  @Optional() @Text() category?: string;
}

/** The customer came into a store. */
export class StoreVisited {
  @Optional() @Id() storeId?: string;
  @Optional() @Whole(0, 1440) minutes?: number;
}

/** The customer asked something about what we offer. */
export class EnquiryMade {
  @Optional() @Id() enquiryId?: string;
  @Optional() @Text() topic?: string;
  @Optional() @Text() category?: string;
  @Optional() @FreeText() @Personal('free-text') text?: string;
}

/** The customer met an employee or a partner. */
export class ContactMet {
  @Optional() @Text() topic?: string;
  @Optional() @Text() place?: string;
  @Optional() @Whole(0, 1440) minutes?: number;
  @Optional() @FreeText() @Personal('free-text') text?: string;
}
