import { ErrorRegistry } from '../../runtime/baseapp/errors.js';

const registry = new ErrorRegistry('charter');

/** Why the charter refuses a decision. The codes are part of the public contract: never renumber. */
export const errors = {
  changeTooLarge: registry.register(2, 'change is too large'),
  tooManyChanges: registry.register(3, 'too many changes'),
  notGoverned: registry.register(4, 'message changes no bounded value'),
};
