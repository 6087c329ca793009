import { RecoveryClaim, RecoveryCohort } from '../../../gen/plimsoll/perps/v1/recovery.js';
import { viewCodec } from '../../../runtime/store/codecs.js';
import { Collection, type KeyCodec, type Stores } from '../../../runtime/store/collection.js';
import { readU32, readU64, u32, u64 } from '../../../runtime/store/key.js';
import type { KVStore } from '../../../runtime/store/types.js';
import { storeName } from '../keys.js';
import { subaccountId } from '../subaccount-key.js';
import type { MarketId, SubaccountKey } from '../types.js';
import { assertI128 } from '../units/index.js';
import type { Claim, Cohort } from './cohort.js';

type Writable = Stores<KVStore>;

export interface CohortId {
  readonly marketId: MarketId;
  readonly number: bigint;
}

export interface ClaimId extends CohortId {
  readonly account: SubaccountKey;
}

const accountKeyLength = 24;

const cohortKey: KeyCodec<CohortId> = {
  encode: ({ marketId, number }) => u32(marketId) + u64(number),
  decode: (key) => ({ marketId: readU32(key, 0), number: readU64(key, 4) }),
};

const claimKey: KeyCodec<ClaimId> = {
  encode: ({ account, ...cohort }) => account + cohortKey.encode(cohort),
  decode: (key) => ({
    account: key.slice(0, accountKeyLength),
    ...cohortKey.decode(key.slice(accountKeyLength)),
  }),
};

export const cohortToProto = (cohort: Cohort): RecoveryCohort => ({
  marketId: cohort.marketId,
  number: cohort.number,
  day: cohort.day,
  expiresMs: cohort.expiresMs,
  granted: cohort.granted.toString(),
  remaining: cohort.remaining.toString(),
  shares: cohort.shares.toString(),
  index: cohort.index.toString(),
  held: cohort.held.toString(),
  claims: cohort.claims,
});

export const cohortFromProto = (proto: RecoveryCohort): Cohort => ({
  marketId: proto.marketId,
  number: proto.number,
  day: proto.day,
  expiresMs: proto.expiresMs,
  granted: BigInt(proto.granted),
  remaining: BigInt(proto.remaining),
  shares: BigInt(proto.shares),
  index: BigInt(proto.index),
  held: BigInt(proto.held),
  claims: proto.claims,
});

/** Whose claim it is, and of which cohort, stands in its key: the value leaves it out. */
const claimToProto = ({ amount, shares, offset, collected }: Claim): RecoveryClaim => ({
  subaccount: undefined,
  marketId: 0,
  cohort: 0n,
  amount: amount.toString(),
  shares: shares.toString(),
  offset: offset.toString(),
  collected: collected.toString(),
});

export const claimFromProto = (proto: RecoveryClaim): Claim => ({
  amount: BigInt(proto.amount),
  shares: BigInt(proto.shares),
  offset: BigInt(proto.offset),
  collected: BigInt(proto.collected),
});

/** A claim with its key, for genesis. */
export const claimWithKey = ({ account, marketId, number }: ClaimId, claim: Claim): RecoveryClaim => ({
  ...claimToProto(claim),
  subaccount: subaccountId(account),
  marketId,
  cohort: number,
});

const cohortCodec = viewCodec<RecoveryCohort, Cohort>(RecoveryCohort, cohortToProto, cohortFromProto);
const claimCodec = viewCodec<RecoveryClaim, Claim>(RecoveryClaim, claimToProto, claimFromProto);

/** 5c market number → cohort that is being repaid. */
const openCohorts = new Collection<CohortId, Cohort>(storeName, 0x5c, cohortKey, cohortCodec);
/** 5d subaccount market cohort → claim. */
const claims = new Collection<ClaimId, Claim>(storeName, 0x5d, claimKey, claimCodec);
/** 5e market number → cohort that is repaid or expired, while somebody has not collected. */
const closedCohorts = new Collection<CohortId, Cohort>(storeName, 0x5e, cohortKey, cohortCodec);

/** Where recovery claims lie. Knows no rule. */
export const recoveryStore = {
  /** A market's cohorts that are being repaid, oldest first. */
  open: (from: Stores, market: MarketId): Cohort[] => [...openCohorts.values(from, u32(market))],

  allOpen: (from: Stores): Iterable<Cohort> => openCohorts.values(from),

  allClosed: (from: Stores): Iterable<Cohort> => closedCohorts.values(from),

  cohort: (from: Stores, id: CohortId): Cohort | undefined => openCohorts.get(from, id) ?? closedCohorts.get(from, id),

  setOpen(to: Writable, cohort: Cohort): void {
    assertCohort(cohort);
    openCohorts.set(to, cohort, cohort);
  },

  setClosed(to: Writable, cohort: Cohort): void {
    assertCohort(cohort);
    openCohorts.delete(to, cohort);
    closedCohorts.set(to, cohort, cohort);
  },

  deleteClosed: (to: Writable, id: CohortId): void => closedCohorts.delete(to, id),

  /** The greatest number of a market's cohorts, open or closed; zero without any. */
  newest(from: Stores, market: MarketId): bigint {
    let newest = 0n;
    for (const cohorts of [openCohorts, closedCohorts])
      for (const { number } of cohorts.values(from, u32(market), { reverse: true })) {
        if (number > newest) newest = number;
        break;
      }
    return newest;
  },

  /** False when nobody has a claim. */
  anyClaim(from: Stores): boolean {
    for (const _ of claims.entries(from)) return true;
    return false;
  },

  claim: (from: Stores, id: ClaimId): Claim | undefined => claims.get(from, id),

  /** Claims of an account, or of everybody, by account, market and cohort. */
  claims: (from: Stores, account: SubaccountKey | '' = '', market?: MarketId): Iterable<readonly [ClaimId, Claim]> =>
    claims.entries(from, market === undefined ? account : account + u32(market)),

  setClaim(to: Writable, id: ClaimId, claim: Claim): void {
    assertI128(claim.amount, 'recovery claim');
    claims.set(to, id, claim);
  },

  deleteClaim: (to: Writable, id: ClaimId): void => claims.delete(to, id),
};

function assertCohort({ granted, shares, held }: Cohort): void {
  assertI128(granted, 'recovery cohort: granted');
  assertI128(shares, 'recovery cohort: shares');
  assertI128(held, 'recovery cohort: held');
}
