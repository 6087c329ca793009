import { ValidatorSet as ValidatorSetProto } from 'cosmjs-types/tendermint/types/validator';
import type { ValidatorUpdate } from 'cosmjs-types/tendermint/abci/types';
import { consensusAddress } from '../crypto/address.js';
import { validatorsHash } from './hashing.js';

export interface EngineValidator {
  readonly address: Uint8Array;
  /** ed25519. */
  readonly publicKey: Uint8Array;
  readonly power: bigint;
  /** Who has the most proposes next; CometBFT's weighted round robin. */
  readonly priority: bigint;
}

const maxInt64 = (1n << 63n) - 1n;
/** Largest sum of powers. */
export const maxTotalPower = maxInt64 / 8n;

const clip = (value: bigint): bigint => (value > maxInt64 ? maxInt64 : value < -maxInt64 - 1n ? -maxInt64 - 1n : value);
const compareBytes = (a: Uint8Array, b: Uint8Array): number => Buffer.compare(a, b);
const floorDivide = (a: bigint, b: bigint): bigint => (a < 0n ? -((-a + b - 1n) / b) : a / b);
const idOf = (address: Uint8Array): string => Buffer.from(address).toString('hex');

/**
 * The validators of one height in CometBFT's order (most power first, then
 * smallest address), with their priorities as proposers. Immutable.
 */
export class ValidatorSet {
  readonly total: bigint;
  readonly hash: Uint8Array;

  private constructor(
    readonly validators: readonly EngineValidator[],
    readonly proposer: EngineValidator,
  ) {
    this.total = sumOf(validators);
    this.hash = validatorsHash(validators);
  }

  /** The set of a genesis. @throws Error for an empty set, a key twice, or a power that is not positive */
  static genesis(updates: readonly ValidatorUpdate[]): ValidatorSet {
    return settle(changed([], updates, false)).next();
  }

  /** The validator of an address; undefined when it is not in the set. */
  find(address: Uint8Array): EngineValidator | undefined {
    return this.validators.find((each) => compareBytes(each.address, address) === 0);
  }

  /** The set after changes of an application; power zero removes. @throws Error that says which change cannot be made */
  apply(updates: readonly ValidatorUpdate[]): ValidatorSet {
    return updates.length === 0 ? this : settle(changed(this.validators, updates, true));
  }

  /** The set with the next proposer, after so many turns. @param turns positive */
  next(turns = 1): ValidatorSet {
    let validators = centred(rescaled(this.validators));
    let proposer = validators[0]!;
    for (let turn = 0; turn < turns; turn++) {
      validators = validators.map((each) => ({ ...each, priority: clip(each.priority + each.power) }));
      const chosen = mostPriority(validators);
      proposer = { ...chosen, priority: clip(chosen.priority - this.total) };
      validators = validators.map((each) => (each === chosen ? proposer : each));
    }
    return new ValidatorSet(validators, proposer);
  }

  encode(): Uint8Array {
    const proto = ({ address, publicKey, power, priority }: EngineValidator) => ({
      address,
      pubKey: { ed25519: publicKey, secp256k1: undefined },
      votingPower: power,
      proposerPriority: priority,
    });
    return ValidatorSetProto.encode({
      validators: this.validators.map(proto),
      proposer: proto(this.proposer),
      totalVotingPower: this.total,
    }).finish();
  }

  static decode(bytes: Uint8Array): ValidatorSet {
    const { validators, proposer } = ValidatorSetProto.decode(bytes);
    const view = (each: (typeof validators)[0]): EngineValidator => ({
      address: each.address,
      publicKey: each.pubKey.ed25519!,
      power: each.votingPower,
      priority: each.proposerPriority,
    });
    return ValidatorSet.of(validators.map(view), view(proposer!));
  }

  /** @internal */
  static of(validators: readonly EngineValidator[], proposer: EngineValidator): ValidatorSet {
    return new ValidatorSet(validators, proposer);
  }
}

const sumOf = (validators: readonly { readonly power: bigint }[]): bigint =>
  validators.reduce((sum, { power }) => sum + power, 0n);

function mostPriority(validators: readonly EngineValidator[]): EngineValidator {
  return validators.reduce((best, each) =>
    each.priority > best.priority || (each.priority === best.priority && compareBytes(each.address, best.address) < 0)
      ? each
      : best,
  );
}

/** Keeps priorities within twice the total of each other, so that changes of powers are forgotten in time. */
function rescaled(validators: readonly EngineValidator[]): readonly EngineValidator[] {
  const window = 2n * sumOf(validators);
  const priorities = validators.map(({ priority }) => priority);
  const spread = priorities.reduce((a, b) => (a > b ? a : b)) - priorities.reduce((a, b) => (a < b ? a : b));
  if (spread <= window) return validators;
  const ratio = (spread + window - 1n) / window;
  return validators.map((each) => ({ ...each, priority: each.priority / ratio }));
}

function centred(validators: readonly EngineValidator[]): readonly EngineValidator[] {
  const sum = validators.reduce((total, { priority }) => total + priority, 0n);
  const average = floorDivide(sum, BigInt(validators.length));
  return average === 0n ? validators : validators.map((each) => ({ ...each, priority: clip(each.priority - average) }));
}

/** Members after changes, in no order; newcomers wait longest for their first turn. */
function changed(
  members: readonly EngineValidator[],
  updates: readonly ValidatorUpdate[],
  mayRemove: boolean,
): EngineValidator[] {
  const byAddress = new Map(members.map((each) => [idOf(each.address), each]));
  const seen = new Set<string>();
  const fresh: EngineValidator[] = [];
  // Newcomers start behind the total as it is before anybody is removed.
  let totalBefore = sumOf(members);
  for (const { pubKey, power } of updates) {
    const publicKey = pubKey.ed25519;
    if (publicKey?.length !== 32) throw new Error('validator update: only ed25519 keys of 32 bytes can vote');
    const address = consensusAddress(publicKey);
    const id = idOf(address);
    const fail = (what: string): Error => new Error(`validator update of ${id.toUpperCase()}: ${what}`);
    if (seen.has(id)) throw fail('the key is named twice');
    seen.add(id);
    if (power < 0n) throw fail(`power ${power} is negative`);
    const known = byAddress.get(id);
    if (power === 0n) {
      if (!mayRemove) throw fail('power 0: a genesis removes nobody');
      if (known === undefined) throw fail('it is not in the set and cannot be removed');
      continue;
    }
    totalBefore += power - (known?.power ?? 0n);
    if (totalBefore > maxTotalPower) throw fail(`the total power would exceed ${maxTotalPower}`);
    if (known === undefined) fresh.push({ address, publicKey, power, priority: 0n });
    else byAddress.set(id, { ...known, power });
  }
  for (const { pubKey, power } of updates) if (power === 0n) byAddress.delete(idOf(consensusAddress(pubKey.ed25519!)));
  const start = -(totalBefore + (totalBefore >> 3n));
  return [...byAddress.values(), ...fresh.map((each) => ({ ...each, priority: start }))];
}

function settle(members: readonly EngineValidator[]): ValidatorSet {
  if (members.length === 0) throw new Error('validator updates: no validator would be left');
  const ordered = [...centred(rescaled(members))].sort((a, b) =>
    a.power === b.power ? compareBytes(a.address, b.address) : a.power > b.power ? -1 : 1,
  );
  return ValidatorSet.of(ordered, mostPriority(ordered));
}
