import type { BankKeeper, CharterKeeper, MessageRouter, StakingKeeper, ValsetKeeper } from './expected_keepers.js';
import type { GovKeeper } from './keeper.js';

/** What governance's messages, queries and block hook work with. */
export interface Deps {
  readonly keeper: GovKeeper;
  readonly bank: BankKeeper;
  readonly staking: StakingKeeper;
  readonly valset: ValsetKeeper;
  readonly charter: CharterKeeper;
  readonly router: MessageRouter;
  /** bech32 address of the governance account. */
  readonly authority: string;
}
