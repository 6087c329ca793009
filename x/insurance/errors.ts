import { ErrorRegistry } from '../../runtime/baseapp/errors.js';

const registry = new ErrorRegistry('insurance');

/** Why insurance refuses a message. */
export const errors = {
  unauthorized: registry.register(2, 'only governance may do this'),
  trancheNotFound: registry.register(3, 'tranche not found'),
  invalidDenom: registry.register(4, 'invalid contribution'),
  invalidParams: registry.register(5, 'invalid parameters'),
};
