import { sdkErrors } from './errors.js';

/** Lets a message of governance pass. @throws AppError sdk/4 when another account sent it */
export function requireAuthority(given: string, authority: string): void {
  if (given !== authority) throw sdkErrors.unauthorized(`authority: ${given}; expected ${authority}`);
}
