import { ErrorRegistry } from '../../runtime/baseapp/errors.js';

const registry = new ErrorRegistry('valset');

/** Why a change of the validator set is refused. */
export const errors = {
  unauthorized: registry.register(2, 'only governance may do this'),
  invalidValidator: registry.register(3, 'invalid validator'),
  invalidParams: registry.register(4, 'invalid parameters'),
  byStake: registry.register(5, 'stake decides who votes'),
};
