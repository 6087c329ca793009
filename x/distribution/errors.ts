import { ErrorRegistry } from '../../runtime/baseapp/errors.js';

const registry = new ErrorRegistry('distribution');

/** Why distribution refuses a message; codes as Cosmos clients know them. */
export const errors = {
  noDelegation: registry.register(5, 'no delegation distribution info'),
  noCommission: registry.register(7, 'no validator commission to withdraw'),
  withdrawAddressFixed: registry.register(8, 'set withdraw address disabled'),
  poolTooSmall: registry.register(9, 'community pool does not have sufficient coins to distribute'),
  noValidator: registry.register(12, 'validator does not exist'),
};
