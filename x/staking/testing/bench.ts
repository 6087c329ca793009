import { BondStatus } from '../../../gen/cosmos/staking/v1beta1/staking.js';
import type { BlockInfo, Context } from '../../../runtime/baseapp/context.js';
import { decFromText, decZero, type Dec } from '../../../runtime/baseapp/dec.js';
import { Workbench } from '../../../runtime/baseapp/testing/workbench.js';
import { consensusAddress, moduleAddress } from '../../../runtime/crypto/address.js';
import { AuthKeeper, storeName as authStore } from '../../auth/keeper.js';
import { BankKeeper, storeName as bankStore } from '../../bank/keeper.js';
import { stakingHooks } from '../../distribution/hooks.js';
import {
  DistributionKeeper,
  moduleName as distributionAccount,
  storeName as distributionStore,
} from '../../distribution/keeper.js';
import { DistributionModule } from '../../distribution/module.js';
import { SlashingKeeper, storeName as slashingStore } from '../../slashing/keeper.js';
import { SlashingModule } from '../../slashing/module.js';
import { Mode } from '../../../gen/plimsoll/valset/v1/valset.js';
import { ValsetKeeper, storeName as valsetStore } from '../../valset/keeper.js';
import { ValsetModule } from '../../valset/module.js';
import { Staking } from '../facade.js';
import { bondedPool, notBondedPool, StakingKeeper, storeName } from '../keeper.js';
import { StakingModule } from '../module.js';
import { delegate } from '../delegate.js';

export const denom = 'uplim';
export const feeDenom = 'uusdc';
export const authority = 'plim1gov';
export const feeCollector = 'fee_collector';

export const account = (index: number): Uint8Array => new Uint8Array(20).fill(index + 1);
export const consensusKey = (index: number): Uint8Array => new Uint8Array(32).fill(index + 101);
export const consensusOf = (index: number): Uint8Array => consensusAddress(consensusKey(index));

const stores = [authStore, bankStore, valsetStore, storeName, slashingStore, distributionStore];

/** Real modules of money and stake over real stores, without transactions. Validators are numbered from zero. */
export class StakingBench {
  readonly bank: BankKeeper;
  readonly valset = new ValsetKeeper();
  readonly keeper: StakingKeeper;
  readonly staking: Staking;
  readonly distribution: DistributionKeeper;
  readonly slashing: SlashingKeeper;
  readonly modules: {
    readonly valset: ValsetModule;
    readonly distribution: DistributionModule;
    readonly staking: StakingModule;
    readonly slashing: SlashingModule;
  };

  private constructor(readonly bench: Workbench) {
    this.bank = new BankKeeper(new AuthKeeper(), [bondedPool, notBondedPool, distributionAccount, feeCollector]);
    this.keeper = new StakingKeeper(this.bank, this.valset);
    this.staking = new Staking(this.keeper);
    this.distribution = new DistributionKeeper(this.bank, this.staking, this.valset);
    this.slashing = new SlashingKeeper(this.staking, this.valset);
    this.keeper.addHooks(stakingHooks(this.distribution));
    this.keeper.addHooks({ afterValidatorBonded: (ctx, address) => this.slashing.onBonded(ctx, address) });
    const { registry } = bench;
    this.modules = {
      valset: new ValsetModule(this.valset, registry, authority, this.keeper),
      distribution: new DistributionModule(this.distribution, registry, authority, feeCollector),
      staking: new StakingModule(this.keeper, registry, authority),
      slashing: new SlashingModule(this.slashing, registry, authority),
    };
  }

  /** Default genesis by stake. */
  static async open(): Promise<StakingBench> {
    const mounts = stores.map((name) => ({ name, kind: 'committed' as const }));
    const opened = new StakingBench(await Workbench.open(mounts));
    const ctx = opened.context();
    opened.valset.setParams(ctx, { mode: Mode.MODE_STAKE });
    const { distribution, staking, slashing } = opened.modules;
    for (const module of [distribution, staking, slashing]) module.initGenesis(ctx, module.defaultGenesis());
    return opened;
  }

  context(changes: Partial<BlockInfo> = {}): Context {
    return this.bench.context(changes);
  }

  mint(address: Uint8Array, amount: bigint, coin = denom): void {
    this.bank.mint(this.context(), address, coin, amount);
  }

  /** A validator with a first stake of its own. */
  create(index: number, stake: bigint, rate = '0', minSelfDelegation = 1n): void {
    const operator = account(index);
    const ctx = this.context();
    this.mint(operator, stake);
    this.keeper.setValidator(ctx, {
      operator,
      pubKey: consensusKey(index),
      jailed: false,
      status: BondStatus.BOND_STATUS_UNBONDED,
      tokens: 0n,
      shares: decZero,
      description: { moniker: `v${index}`, identity: '', website: '', securityContact: '', details: '' },
      unbondingHeight: 0n,
      unbondingTimeMs: 0n,
      commission: { rate: decFromText(rate), maxRate: decFromText('1'), maxChangeRate: decFromText('1') },
      commissionUpdateMs: 0n,
      minSelfDelegation,
    });
    this.keeper.hooks.afterValidatorCreated(ctx, operator);
    delegate(ctx, this.keeper, operator, operator, stake, 'account');
  }

  delegate(delegator: Uint8Array, index: number, amount: bigint): Dec {
    return delegate(this.context(), this.keeper, delegator, account(index), amount, 'account');
  }

  /** Ends the block and begins the next one, in which everybody of the set signed but those named. */
  async next(
    options: { afterMs?: bigint; absent?: readonly number[]; fees?: bigint; changes?: Partial<BlockInfo> } = {},
  ) {
    const ending = this.context();
    this.modules.staking.endBlock(ending);
    const updates = this.modules.valset.endBlock(ending);
    if (options.fees !== undefined && options.fees > 0n)
      this.bank.mint(ending, moduleAddress(feeCollector), feeDenom, options.fees);
    await this.bench.nextBlock(options.afterMs);
    const absent = (options.absent ?? []).map((index) => Buffer.from(consensusOf(index)).toString('hex'));
    const lastCommit = [...this.valset.validators(this.context())]
      .filter(({ power }) => power > 0n)
      .map(({ address, power }) => ({
        address,
        power,
        signed: !absent.includes(Buffer.from(address).toString('hex')),
      }));
    const ctx = this.context({ lastCommit, ...options.changes });
    this.modules.distribution.beginBlock(ctx);
    this.modules.slashing.beginBlock(ctx);
    return updates;
  }

  validator(index: number) {
    return this.keeper.validator(this.context(), account(index));
  }
}
