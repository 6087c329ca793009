import { accountPrefix, fromBech32 } from '../crypto/address.js';
import { sdkErrors } from './errors.js';

/**
 * The address in a message field.
 * @param field name for the error text
 * @param prefix what kind of address it is
 * @throws AppError sdk/7 that says what is wrong with it
 */
export function parseAddress(text: string, field: string, prefix = accountPrefix): Uint8Array {
  try {
    return fromBech32(text, prefix);
  } catch (error) {
    throw sdkErrors.invalidAddress(`${field} ${JSON.stringify(text)}: ${(error as Error).message}`);
  }
}

/** Checks an address of a genesis. @throws Error naming the field at fault */
export function requireAddress(field: string, text: string): void {
  try {
    fromBech32(text);
  } catch (error) {
    throw new Error(`${field}: ${(error as Error).message}`, { cause: error });
  }
}
