import type { RecoveryGenesis } from '../../../gen/plimsoll/perps/v1/recovery.js';
import type { SubaccountId } from '../../../gen/plimsoll/perps/v1/types.js';
import type { Stores } from '../../../runtime/store/collection.js';
import type { KVStore } from '../../../runtime/store/types.js';
import type { SubaccountKey } from '../types.js';
import { isOver, repaid } from './cohort.js';
import { claimFromProto, claimWithKey, cohortFromProto, cohortToProto, recoveryStore } from './store.js';

/** The whole of recovery claims, the cohorts that are over too. */
export function exportRecovery(from: Stores): RecoveryGenesis {
  const cohorts = [...recoveryStore.allOpen(from), ...recoveryStore.allClosed(from)];
  cohorts.sort((a, b) => (a.marketId !== b.marketId ? a.marketId - b.marketId : a.number < b.number ? -1 : 1));
  return {
    cohorts: cohorts.map(cohortToProto),
    claims: [...recoveryStore.claims(from)].map(([id, claim]) => claimWithKey(id, claim)),
  };
}

/**
 * Checks that cohorts and claims belong together and that the reserve is
 * what cohorts hold.
 * @param reserve the ledger's, quote quanta
 * @param keyOf throws Error naming the field when the id is not valid or unknown
 * @throws Error naming the field at fault
 */
export function validateRecovery(
  state: RecoveryGenesis | undefined,
  markets: ReadonlySet<number>,
  reserve: bigint,
  keyOf: (id: SubaccountId | undefined, field: string) => SubaccountKey,
): void {
  const cohorts = new Map<string, ReturnType<typeof cohortFromProto>>();
  const counted = new Map<string, { claims: bigint; shares: bigint; collectable: bigint }>();
  let held = 0n;
  for (const [index, proto] of (state?.cohorts ?? []).entries()) {
    const field = `perps.recovery.cohorts[${index}]`;
    if (!markets.has(proto.marketId)) throw new Error(`${field}.market_id: ${proto.marketId} is not a market`);
    requireAmounts(field, proto, ['granted', 'remaining', 'shares', 'index', 'held']);
    const name = `${proto.marketId}/${proto.number}`;
    if (proto.number === 0n || cohorts.has(name)) throw new Error(`${field}.number: ${proto.number} is zero or twice`);
    const cohort = cohortFromProto(proto);
    if (cohort.remaining > cohort.granted || cohort.remaining > cohort.shares)
      throw new Error(`${field}.remaining: ${cohort.remaining} is more than was granted or there are shares`);
    cohorts.set(name, cohort);
    counted.set(name, { claims: 0n, shares: 0n, collectable: 0n });
    held += cohort.held;
  }
  const seen = new Set<string>();
  for (const [index, proto] of (state?.claims ?? []).entries()) {
    const field = `perps.recovery.claims[${index}]`;
    const name = `${proto.marketId}/${proto.cohort}`;
    const cohort = cohorts.get(name);
    if (cohort === undefined) throw new Error(`${field}.cohort: ${name} has no cohort entry`);
    requireAmounts(field, proto, ['amount', 'shares', 'offset', 'collected']);
    const key = `${keyOf(proto.subaccount, `${field}.subaccount`)}/${name}`;
    if (seen.has(key)) throw new Error(`${field}: the account has this claim twice`);
    seen.add(key);
    const claim = claimFromProto(proto);
    const collectable = repaid(cohort, claim) - claim.collected;
    if (collectable < 0n) throw new Error(`${field}.collected: ${claim.collected} is more than was repaid`);
    const sums = counted.get(name)!;
    sums.claims++;
    sums.shares += claim.shares;
    sums.collectable += collectable;
  }
  for (const [name, { claims, shares, collectable }] of counted) {
    const cohort = cohorts.get(name)!;
    if (claims !== cohort.claims || (!isOver(cohort) && shares !== cohort.shares))
      throw new Error(`perps.recovery: cohort ${name} counts ${cohort.claims} claims, there are ${claims}`);
    if (collectable > cohort.held)
      throw new Error(`perps.recovery: cohort ${name} holds ${cohort.held}, ${collectable} can be collected`);
  }
  if (held !== reserve)
    throw new Error(`perps.ledger.recovery: ${reserve}; the cohorts of perps.recovery hold ${held}`);
}

/** After accounts and ledger. */
export function importRecovery(
  to: Stores<KVStore>,
  state: RecoveryGenesis | undefined,
  keyOf: (id: SubaccountId | undefined, field: string) => SubaccountKey,
): void {
  for (const proto of state?.cohorts ?? []) {
    const cohort = cohortFromProto(proto);
    if (isOver(cohort)) recoveryStore.setClosed(to, cohort);
    else recoveryStore.setOpen(to, cohort);
  }
  for (const proto of state?.claims ?? []) {
    const account = keyOf(proto.subaccount, 'subaccount');
    recoveryStore.setClaim(to, { account, marketId: proto.marketId, number: proto.cohort }, claimFromProto(proto));
  }
}

function requireAmounts<K extends string>(
  field: string,
  proto: { readonly [name in K]: string },
  names: readonly K[],
): void {
  for (const name of names)
    if (!/^(0|[1-9][0-9]{0,79})$/.test(proto[name]))
      throw new Error(`${field}.${name}: ${JSON.stringify(proto[name].slice(0, 40))}; expected a whole number`);
}
