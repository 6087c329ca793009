import { descriptorImage } from '../gen/image.js';
import { BaseApp } from '../runtime/baseapp/app.js';
import type { Module } from '../runtime/baseapp/module.js';
import type { BlockRetention } from '../runtime/baseapp/retention.js';
import type { SnapshotConnection } from '../runtime/baseapp/snapshots.js';
import { VoteExtensions } from '../runtime/baseapp/vote-extensions.js';
import { AminoJson } from '../runtime/codec/amino-json.js';
import { createRegistry, type Registry } from '../runtime/codec/registry.js';
import { moduleAddress, toBech32 } from '../runtime/crypto/address.js';
import type { Logger } from '../runtime/log.js';
import type { CommitMultiStore } from '../runtime/store/types.js';
import { anteHandler } from '../x/auth/ante/index.js';
import { feeCollector, parseGasPrices } from '../x/auth/ante/fee.js';
import { AuthKeeper } from '../x/auth/keeper.js';
import { AuthModule } from '../x/auth/module.js';
import { BackstopKeeper } from '../x/backstop/keeper.js';
import { BackstopModule } from '../x/backstop/module.js';
import { BankKeeper } from '../x/bank/keeper.js';
import { BankModule } from '../x/bank/module.js';
import { BoundedMessages } from '../x/charter/bounded-messages.js';
import { CharterKeeper } from '../x/charter/keeper.js';
import { CharterModule } from '../x/charter/module.js';
import type { Deps as GovDeps } from '../x/gov/deps.js';
import { GovKeeper, moduleName as govAccount } from '../x/gov/keeper.js';
import { GovModule } from '../x/gov/module.js';
import { proposeByChain } from '../x/gov/proposals.js';
import { InsuranceKeeper } from '../x/insurance/keeper.js';
import { InsuranceModule } from '../x/insurance/module.js';
import { OracleKeeper } from '../x/oracle/keeper.js';
import { OracleModule } from '../x/oracle/module.js';
import type { PriceSource } from '../x/oracle/price-source.js';
import { PriceVotes } from '../x/oracle/votes.js';
import { AccountCache } from '../x/perps/block/account-cache.js';
import { HealthIndex } from '../x/perps/block/health-index.js';
import { BookIndex } from '../x/perps/book/book-index.js';
import type { Deps } from '../x/perps/deps.js';
import { ListedMarkets } from '../x/perps/listed-markets.js';
import { PerpsKeeper } from '../x/perps/keeper.js';
import { LiquidationMap } from '../x/perps/stress/derived/liquidation-map.js';
import { PerpsModule } from '../x/perps/module.js';
import { TraceIndex, type ArchivedTraces, type TraceArchive } from '../x/perps/trace/trace-index.js';
import { VaultAccounts } from '../x/perps/vaults/accounts.js';
import { stakingHooks as distributionHooks } from '../x/distribution/hooks.js';
import { DistributionKeeper, moduleName as distributionAccount } from '../x/distribution/keeper.js';
import { DistributionModule } from '../x/distribution/module.js';
import { GenutilModule } from '../x/genutil/module.js';
import { PerpsClaims } from '../x/perps/claims.js';
import { Epochs, type EpochOptions } from '../x/solvency/epochs.js';
import { SolvencyModule } from '../x/solvency/module.js';
import { SlashingKeeper } from '../x/slashing/keeper.js';
import { SlashingModule } from '../x/slashing/module.js';
import { Staking } from '../x/staking/facade.js';
import { StakingKeeper, bondedPool, notBondedPool } from '../x/staking/keeper.js';
import { StakingModule } from '../x/staking/module.js';
import { ValsetKeeper } from '../x/valset/keeper.js';
import { ValsetModule } from '../x/valset/module.js';
import { boundedMessages } from './bounded-messages.js';

export const appName = 'plimsoll';
export const appVersion = '0.1.0';

/** Accounts that modules own; people cannot send to them. */
export const moduleAccounts: readonly string[] = [
  'backstop',
  bondedPool,
  distributionAccount,
  feeCollector,
  govAccount,
  'insurance',
  notBondedPool,
  'perps',
];

/** Where governance messages come from. */
export const authority = toBech32(moduleAddress(govAccount));

export interface AppOptions {
  readonly store: CommitMultiStore;
  readonly chainId: string;
  /** Where this validator takes prices from. */
  readonly prices: PriceSource;
  readonly logger: Logger;
  /** Least gas prices this node admits transactions at, like "0.025uusdc"; empty for none. */
  readonly minGasPrices?: string;
  /** False: every block looks at every account. Costs time and changes no result. */
  readonly healthIndex?: boolean;
  /** False: the sorted book is built from state for each use. Costs time and changes no result. */
  readonly bookIndex?: boolean;
  /** State-sync snapshots, offered and taken; none without it. */
  readonly snapshots?: SnapshotConnection;
  /** Steps of the waterfall that the node can explain, 50,000 without it, and where they outlast a restart. They take part in no consensus. */
  readonly traces?: { readonly steps: number; readonly archive?: TraceArchive; readonly archived?: ArchivedTraces };
  /** How proofs of liabilities are made. They take part in no consensus. */
  readonly proofs?: EpochOptions;
  /** What blocks are kept for; all are without it. */
  readonly retention?: BlockRetention;
}

export interface Keepers {
  readonly auth: AuthKeeper;
  readonly backstop: BackstopKeeper;
  readonly bank: BankKeeper;
  readonly charter: CharterKeeper;
  readonly distribution: DistributionKeeper;
  readonly gov: GovKeeper;
  readonly insurance: InsuranceKeeper;
  readonly oracle: OracleKeeper;
  readonly perps: PerpsKeeper;
  readonly slashing: SlashingKeeper;
  readonly staking: Staking;
  readonly valset: ValsetKeeper;
}

export interface PlimsollApp {
  readonly app: BaseApp;
  readonly registry: Registry;
  readonly keepers: Keepers;
  /** What perps rules that read state work with: for audits and benchmarks. */
  readonly perpsDeps: Deps;
  /** In genesis order. */
  readonly modules: readonly Module[];
}

/** Part of a validator's rewards that it earns with its prices. */
const oracleRewardPpm = 300_000n;
/** How long a validator whose prices were missing or wrong stays out at least. */
const priceJailMs = 600_000n;

/** Days of a quiet market, or one deep fall. */
const defaultTraces = { steps: 50_000 };

/** Every ten minutes or so, a tree that is done well before the next. */
const defaultProofs: EpochOptions = { interval: 600n, perBlock: 5_000, keep: 2 };

/** The one place where modules meet. */
export function createApp(options: AppOptions): PlimsollApp {
  const registry = createRegistry(descriptorImage);
  const auth = new AuthKeeper();
  const bank = new BankKeeper(auth, moduleAccounts);
  const valset = new ValsetKeeper();
  const stakingKeeper = new StakingKeeper(bank, valset);
  const staking = new Staking(stakingKeeper);
  const distribution = new DistributionKeeper(bank, staking, valset);
  const slashing = new SlashingKeeper(staking, valset);
  // Rewards before signatures: a validator's books are open before anything is asked of it.
  stakingKeeper.addHooks(distributionHooks(distribution));
  stakingKeeper.addHooks({ afterValidatorBonded: (ctx, consAddress) => slashing.onBonded(ctx, consAddress) });
  const oracle = new OracleKeeper();
  distribution.addRewardWeight({
    rewardWeight: (ctx, address) => (oracle.earnsReward(ctx, address) ? 1_000_000n : 1_000_000n - oracleRewardPpm),
  });
  const perps = new PerpsKeeper(new BookIndex(options.bookIndex));
  const insurance = new InsuranceKeeper(bank, new ListedMarkets(perps));
  const backstop = new BackstopKeeper(bank, new VaultAccounts({ keeper: perps, bank }));
  const { steps, archive, archived }: NonNullable<AppOptions['traces']> = options.traces ?? defaultTraces;
  const traces = steps === 0 ? undefined : new TraceIndex(steps, archive, archived);
  const accounts = new AccountCache();
  const perpsDeps: Deps = {
    keeper: perps,
    bank,
    oracle,
    insurance,
    backstop,
    decisions: {
      propose: (ctx, { typeName, message, title, summary }) =>
        proposeByChain(ctx, govDeps, {
          messages: [{ typeUrl: `/${typeName}`, value: message }],
          title,
          summary,
          proposer: toBech32(moduleAddress('perps')),
        }),
    },
    authority,
    ...(options.healthIndex === false
      ? {}
      : { health: new HealthIndex(accounts), accounts, liquidations: new LiquidationMap() }),
    ...(traces === undefined ? {} : { traces }),
  };

  const charter = new CharterKeeper();
  const bounded = new BoundedMessages(
    charter,
    registry,
    boundedMessages({ backstop, charter, insurance, oracle, perps }),
  );
  const govDeps: GovDeps = {
    keeper: new GovKeeper(),
    bank,
    staking,
    valset,
    charter,
    router: {
      decode: (typeName, bytes) => app.router.decode(typeName, bytes),
      signersOf: (typeName, message) => app.router.signersOf(typeName, message),
      // Nobody else signs for governance: what changes numbers passes here.
      execute: (ctx, typeName, message) =>
        bounded.execute(ctx, typeName, message, () => app.router.execute(ctx, typeName, message)),
    },
    authority,
  };

  const authModule = new AuthModule(auth, registry, moduleAccounts);
  const bankModule = new BankModule(bank, registry);
  const valsetModule = new ValsetModule(valset, registry, authority, stakingKeeper);
  const stakingModule = new StakingModule(stakingKeeper, registry, authority);
  const distributionModule = new DistributionModule(distribution, registry, authority, feeCollector);
  const slashingModule = new SlashingModule(slashing, registry, authority);
  const genutilModule = new GenutilModule(registry, (ctx, tx) => app.runGenesisTx(ctx, tx));
  const charterModule = new CharterModule(charter, registry, authority, bounded);
  const govModule = new GovModule(govDeps, registry);
  const oracleModule = new OracleModule(oracle, registry, authority);
  const insuranceModule = new InsuranceModule(insurance, registry, authority);
  const perpsModule = new PerpsModule(perpsDeps, registry);
  const backstopModule = new BackstopModule(backstop, registry, authority);
  const epochs = new Epochs(new PerpsClaims(perpsDeps), options.proofs ?? defaultProofs);
  const solvencyModule = new SolvencyModule(epochs);

  const all: readonly Module[] = [
    authModule, // account numbers first: everything that receives coins makes accounts
    bankModule, // balances before the modules that compare them with their books
    valsetModule, // keys before anybody votes
    distributionModule, // books of rewards before the stake that earns
    stakingModule, // stake, by which they may vote
    slashingModule, // how well they signed
    charterModule, // who decides
    govModule, // what is being decided
    oracleModule, // pairs before the markets that name them
    insuranceModule, // tranches before the markets that stand on them
    backstopModule, // who owns the vaults whose accounts perps keeps
    perpsModule, // lists markets and proves that the books balance
    solvencyModule, // keeps nothing: proofs are made of what the others keep
    genutilModule, // last: transactions, for which everything must be there
  ];
  const votes = new PriceVotes(oracle, options.prices, {
    slash: (ctx, address, fractionPpm, reason) => void slashing.slash(ctx, address, BigInt(fractionPpm), reason),
    jail: (ctx, address) => slashing.jail(ctx, address, ctx.block.timeMs + priceJailMs),
  });
  const app: BaseApp = new BaseApp({
    name: appName,
    version: appVersion,
    chainId: options.chainId,
    store: options.store,
    registry,
    modules: {
      all,
      begin: [
        authModule, // timeouts that have passed
        distributionModule, // the last block's fees to those who could vote on it
        slashingModule, // who signed it, and who signed too much
        oracleModule, // tells what is stale
        perpsModule, // marks and funding from the prices that the votes just set
        backstopModule, // losses and exits at these marks, before anything trades
      ],
      end: [
        perpsModule, // matches and settles
        insuranceModule, // who leaves does so after the block's losses
        govModule, // what was decided holds from the next block on
        stakingModule, // asks for powers by what the block left of stake
        valsetModule, // last: tells the engine
      ],
    },
    ante: anteHandler({
      auth,
      bank,
      amino: new AminoJson(registry),
      minGasPrices: parseGasPrices(options.minGasPrices ?? ''),
    }),
    votes: new VoteExtensions(
      {
        extend: (ctx) => votes.extend(ctx),
        isValid: (ctx, extension) => votes.isValid(ctx, extension),
        apply: (ctx, counted, total) => votes.apply(ctx, counted, total),
      },
      { publicKey: (ctx, address) => valset.publicKey(ctx, address) },
    ),
    snapshots: options.snapshots,
    retention: options.retention,
    logger: options.logger,
  });
  if (traces !== undefined) app.onBlock((block, events) => traces.read(block, events));
  app.onCommit((height) =>
    epochs.onCommit(height, {
      newest: () => ({ ctx: app.queryContext(), appHash: options.store.lastCommit().hash }),
      isKept: (kept) => options.store.earliestVersion() <= kept,
    }),
  );
  return {
    app,
    registry,
    keepers: {
      auth,
      backstop,
      bank,
      charter,
      distribution,
      gov: govDeps.keeper,
      insurance,
      oracle,
      perps,
      slashing,
      staking,
      valset,
    },
    perpsDeps,
    modules: all,
  };
}
