/** Why a token is not accepted: what is wrong with which claim, and what to do. */
export class TokenRejectedError extends Error {
  override readonly name = 'TokenRejectedError';
}
