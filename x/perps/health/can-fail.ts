import type { AccountView } from '../types.js';

/** May prices bring an account under maintenance margin? Without a position, only who owes what a position lost can fail. */
export const canFail = ({ positions, collateral, cash }: AccountView): boolean =>
  positions.length > 0 || (collateral.length > 0 && cash < 0n);
