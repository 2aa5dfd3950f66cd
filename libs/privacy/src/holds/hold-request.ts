import { Describe, documentReader, FreeText, Hint, Matching, Optional } from '#contracts';
import { namesAPerson, PersonRequest } from '../erasure/erasure-request.js';

/** The body of a legal hold. */
export class HoldRequest extends PersonRequest {
  @Matching('\\S', 128, 'the reference of a case')
  @Hint('give the reference of the case, such as 2026-117; it must not name a person')
  @Describe('The reference of the case. It stands in the clear in the log, so it must not name a person')
  readonly case!: string;
  @Optional() @FreeText(2_000) @Describe('Why, as free text: it is sealed') readonly reason?: string;
}

export const HOLD_REQUEST = documentReader(HoldRequest, { rules: [namesAPerson] });

/** The body of a lift. */
export class HoldLiftRequest {
  @Optional() @FreeText(2_000) @Describe('Why, as free text: it is sealed') readonly reason?: string;
}

export const HOLD_LIFT_REQUEST = documentReader(HoldLiftRequest);
