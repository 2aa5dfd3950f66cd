/** The identity provider did not answer, or not as it should: no token can be checked until it does. */
export class IssuerAwayError extends Error {
  override readonly name = 'IssuerAwayError';
}
