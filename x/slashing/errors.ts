import { ErrorRegistry } from '../../runtime/baseapp/errors.js';

const registry = new ErrorRegistry('slashing');

/** Why slashing refuses a message; codes as Cosmos clients know them. */
export const errors = {
  noValidator: registry.register(2, 'address is not associated with any known validator'),
  validatorJailed: registry.register(4, 'validator still jailed; cannot be unjailed'),
  notJailed: registry.register(5, 'validator not jailed; cannot be unjailed'),
  missingSelfDelegation: registry.register(6, 'validator has no self-delegation; cannot be unjailed'),
  selfDelegationTooLow: registry.register(7, "validator's self delegation less than minimum; cannot be unjailed"),
};
