import { ErrorRegistry } from '../../runtime/baseapp/errors.js';

const registry = new ErrorRegistry('oracle');

/** Why the oracle refuses a message. */
export const errors = {
  unauthorized: registry.register(2, 'only governance may do this'),
  invalidPair: registry.register(3, 'invalid pair'),
  invalidParams: registry.register(4, 'invalid parameters'),
};
