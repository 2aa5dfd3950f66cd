import { Default, Describe, documentReader, Whole } from '#contracts';

/** The body of a rotation. */
export class RotationRequest {
  @Default(7)
  @Whole(0, 90)
  @Describe('For how many days the old key stays valid beside the new one')
  readonly overlapDays!: number;
}
export const ROTATION_REQUEST = documentReader(RotationRequest);
