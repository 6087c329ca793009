import type { AccountView, Markets } from '../types.js';
import type { Standing } from './acceptance.js';
import { equity } from './equity.js';
import { maintenanceMargin } from './maintenance.js';

/** What decides whether an account is safe, in quote quanta; equity is rounded down and margin up. O(positions + assets held). risk-model sections 2 and 4. */
export const marginStanding = (account: AccountView, markets: Markets): Standing => ({
  equity: equity(account, markets),
  maintenanceMargin: maintenanceMargin(account, markets),
});
