import type { Stores } from '../../../runtime/store/collection.js';
import type { Keepers } from '../../../app/app.js';
import { equity, maintenanceMargin } from '../../../x/perps/margin/index.js';
import { subaccountId } from '../../../x/perps/subaccount-key.js';
import type { AccountView, Markets, SubaccountKey } from '../../../x/perps/types.js';

/**
 * Was a liquidation necessary? An account that is liquidated is remembered as
 * it stood at the end of the block before: cash and positions, as if nobody
 * had closed anything and its owner had done nothing. At the first block an
 * hour later or more it is valued at the marks, rates and funding indexes of
 * that block. At or above maintenance margin there, the liquidation counts as
 * unnecessary. Until then further liquidations of the account belong to the
 * same case; what the recording is too short to judge is left out.
 */
export const hindsightMs = 3_600_000n;

/** A liquidated account as it stood before. */
export interface Case {
  /** Owner and number, like plim1.../0. */
  readonly account: string;
  readonly dueMs: string;
  /** The account as text, for a journal. */
  readonly before: string;
}

export interface Verdict {
  readonly account: string;
  readonly unnecessary: boolean;
}

/** Liquidated accounts that wait for their verdict. */
export class Hindsight {
  readonly #pending = new Map<string, Case>();

  /** Takes over what an earlier session wrote down. */
  restore(cases: readonly Case[], verdicts: readonly Verdict[]): void {
    for (const each of cases) this.#pending.set(each.account, each);
    for (const { account } of verdicts) this.#pending.delete(account);
  }

  /** Judges cases whose hour has passed, at the markets of this block. */
  judge(timeMs: bigint, markets: Markets): Verdict[] {
    const verdicts: Verdict[] = [];
    for (const [account, each] of this.#pending) {
      if (timeMs < BigInt(each.dueMs)) continue;
      const view = viewOf(each);
      verdicts.push({ account, unnecessary: equity(view, markets) >= maintenanceMargin(view, markets) });
      this.#pending.delete(account);
    }
    return verdicts;
  }

  /** Remembers accounts that this block liquidated, as `before` has them. */
  open(keys: Iterable<SubaccountKey>, before: Stores, { perps }: Keepers, timeMs: bigint): Case[] {
    const cases: Case[] = [];
    for (const key of keys) {
      const { owner, number } = subaccountId(key);
      const account = `${owner}/${number}`;
      if (this.#pending.has(account)) continue;
      const opened: Case = {
        account,
        dueMs: (timeMs + hindsightMs).toString(),
        // Named as people do: a journal is text.
        before: textOf({ ...perps.account(before, key), key: account }),
      };
      this.#pending.set(account, opened);
      cases.push(opened);
    }
    return cases;
  }
}

const integer = /^-?\d+n$/;

/** An account is plain values; integers are written like 12n. */
const textOf = (account: AccountView): string =>
  JSON.stringify(account, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));

const viewOf = ({ before }: Case): AccountView =>
  JSON.parse(before, (_, value: unknown) =>
    typeof value === 'string' && integer.test(value) ? BigInt(value.slice(0, -1)) : value,
  ) as AccountView;
