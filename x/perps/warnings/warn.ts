import type { Context } from '../../../runtime/baseapp/context.js';
import type { AccountStanding } from '../block/risk-scan.js';
import { WorkingAccount, type WorkingSet } from '../block/working-set.js';
import type { Deps } from '../deps.js';
import { canFail } from '../health/index.js';
import { health, marginStanding } from '../margin/index.js';
import { accountNumberOf, subaccountId } from '../subaccount-key.js';
import type { Markets, Ppm, StoredAccount, SubaccountKey } from '../types.js';
import { max } from '../units/index.js';
import { fellBelow, levelOf, nextLevel } from './levels.js';
import { namedOf, type Fallen, type FallenAccount } from './named.js';

/** Warnings that one block names: about a megabyte of events, however deep a fall. */
export const maxWarnings = 5_000;

/**
 * Warns accounts that this block brought below a level of health: how they
 * stand at its end against how the block before left them, with the prices
 * and rates that it left. Lowest level first, then by key; at most
 * `maxWarnings` by name. An account that was not looked at has crossed none.
 * risk-model section 10.1. O(accounts looked at); nothing is stored.
 * @param passed those that prices alone brought below a level: the block may have touched them since
 */
export function warnAccounts(
  ctx: Context,
  deps: Deps,
  work: WorkingSet,
  stood: readonly AccountStanding[],
  passed: readonly FallenAccount[],
): void {
  const fallen: (FallenAccount | (Fallen & { readonly standing: AccountStanding }))[] = passed.filter(
    ({ key }) => work.known(key) === undefined,
  );
  let before: StandingsBefore | undefined;
  for (const standing of stood) {
    const { account } = standing;
    const now = canFail(account) ? levelOf(standing) : undefined;
    if (now === undefined) continue;
    before ??= new StandingsBefore(ctx, deps);
    const level = fellBelow(before.levelOf(account), now);
    if (level !== undefined) fallen.push({ key: account.key, level, standing });
  }
  for (const each of namedOf(fallen, maxWarnings))
    tell(ctx, each, 'standing' in each ? each.standing : standingOf(each.account, work.markets));
  if (fallen.length > maxWarnings)
    ctx.emit('plimsoll.perps.v1.EventMarginWarningsOmitted', { accounts: fallen.length - maxWarnings });
}

const standingOf = (account: StoredAccount, markets: Markets): AccountStanding => ({
  account,
  ...marginStanding(account, markets),
});

function tell(ctx: Context, { key, level }: Fallen, standing: AccountStanding): void {
  ctx.emit('plimsoll.perps.v1.EventMarginWarning', {
    owner: subaccountId(key).owner,
    number: accountNumberOf(key),
    levelPpm: Number(level),
    healthPpm: Number(max(0n, health(standing)!)),
    equity: standing.equity.toString(),
    maintenanceMargin: standing.maintenanceMargin.toString(),
    nextLevelPpm: Number(nextLevel(standing) ?? 0n),
  });
}

/** How accounts stood when the block before had ended. */
class StandingsBefore {
  readonly #markets: Markets;
  /** Accounts that messages wrote: the committed state knows how they were. */
  readonly #written: ReadonlySet<SubaccountKey>;

  constructor(
    private readonly ctx: Context,
    private readonly deps: Deps,
  ) {
    this.#markets = deps.keeper.markets(ctx.committed);
    this.#written = new Set(deps.keeper.changedAccounts(ctx));
  }

  /** An account that could not fail, or was not there, stood below no level. */
  levelOf(account: StoredAccount): Ppm | undefined {
    const before = this.#accountOf(account);
    if (!canFail(before)) return undefined;
    return levelOf(marginStanding(before, this.#markets));
  }

  #accountOf(account: StoredAccount): StoredAccount {
    if (this.#written.has(account.key)) return this.deps.keeper.account(this.ctx.committed, account.key);
    // What the end of the block changed, it read from the store first.
    return account instanceof WorkingAccount ? account.stored : account;
  }
}
