import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addBalance, fundVault } from '../../../app/genesis.js';
import { ConsensusKey } from '../../../runtime/engine/consensus-key.js';
import type { GenesisDoc } from '../../../runtime/engine/genesis-doc.js';
import { paths, writeConfigs } from '../config.js';
import { demoAccounts, demoGovernance, demoMarkets, demoPrices } from '../devnet/demo.js';
import { Failure } from '../failure.js';
import { keyFromMnemonic, Keyring } from '../keyring/keyring.js';
import { buildAppState, genesisOf } from '../node/init.js';
import { simulatedVenues } from '../prices/simulator/serve.js';
import { cometConfig, writeNodeKey, writeSigningState, type CometSettings } from './comet-files.js';
import { planNodes, type NodePlan, type PlanOptions } from './plan.js';

const million = 1_000_000n;
/** Of uusdc and uplim, for each demo account. */
const accountBalance = 10_000_000n * million;
const trancheSize = 1_000_000n * million;
const validatorPower = 10n;
/** How far apart neighbouring validators' synthetic prices are, in parts per million. */
const priceStepPpm = 20;

export interface TestnetOptions extends PlanOptions, CometSettings {
  readonly outputDir: string;
  readonly chainId: string;
  /** RFC 3339, UTC; blocks begin then. */
  readonly genesisTime: string;
  /** Prices come from a daemon beside each node, which asks simulated exchanges under this URL. Without it they are synthetic. */
  readonly exchanges?: string;
}

export interface TestnetNode extends NodePlan {
  readonly home: string;
  /** The name its peers know it by. */
  readonly nodeId: string;
}

/**
 * Writes a home for each validator of a new network: CometBFT's files, the
 * application's, one genesis, and a keyring with the funded accounts.
 * @throws Failure naming the option or path at fault; nothing is overwritten
 */
export async function initTestnet(options: TestnetOptions): Promise<readonly TestnetNode[]> {
  let plans: NodePlan[];
  try {
    plans = planNodes(options);
  } catch (error) {
    throw new Failure((error as Error).message, 2);
  }
  const homes = plans.map(({ name }) => join(options.outputDir, name));
  const taken = homes.find((home) => existsSync(home));
  if (taken !== undefined) throw new Failure(`${taken} exists: choose another --output-dir, or remove it`);

  const nodes = plans.map((plan, index): TestnetNode & { readonly key: ConsensusKey } => {
    const home = homes[index]!;
    const files = paths(home);
    mkdirSync(files.config, { recursive: true });
    const nodeId = writeNodeKey(join(files.config, 'node_key.json'));
    const key = ConsensusKey.generate();
    key.save(files.validatorKey);
    writeSigningState(home);
    return { ...plan, home, nodeId, key };
  });

  const genesis = await testnetGenesis(options, nodes);
  const text = `${JSON.stringify(genesis, null, 2)}\n`;
  for (const [index, node] of nodes.entries()) {
    const files = paths(node.home);
    const peers = nodes.filter((each) => each !== node).map(({ nodeId, p2pDial }) => `${nodeId}@${p2pDial}`);
    writeFileSync(files.genesis, text);
    writeConfigs(node.home, {
      app: {
        engine: 'cometbft',
        abci: { address: node.abci },
        cometbft: { rpc: rpcUrl(node) },
        grpc: { address: node.grpc },
        prices:
          options.exchanges === undefined
            ? { source: 'synthetic', seed: options.chainId, static: pricesOf(index) }
            : { source: 'daemon', daemon: { address: node.prices } },
      },
      client: { node: rpcUrl(node), chain_id: options.chainId, keyring_backend: 'test' },
    });
    if (options.exchanges !== undefined) writeFileSync(files.pricesToml, pricesToml(node.prices, options.exchanges));
    // Last: with CometBFT as engine, config.toml is CometBFT's.
    writeFileSync(files.configToml, cometConfig(node, peers, options));
    const keyring = new Keyring(files.keyring, 'test', async () => '');
    for (const { name, mnemonic } of demoAccounts) await keyring.add(name, keyFromMnemonic(mnemonic), mnemonic);
  }
  return nodes;
}

/** Where this host reaches a node's RPC. */
export const rpcUrl = ({ rpc }: NodePlan): string => `http://${rpc.replace('0.0.0.0', '127.0.0.1')}`;

/** A price daemon's configuration that leads to simulated exchanges. */
function pricesToml(laddr: string, exchanges: string): string {
  const provider = (venue: string): string =>
    `[providers.${venue}]\ntransport = "rest"\nrest_url = "${exchanges}/${venue}"\npoll_ms = 500\n`;
  const market = (symbol: string): string => {
    const tethered = symbol.replace(/-USD$/, '-USDT');
    const venues = [
      'coinbase',
      'kraken',
      'bitstamp',
      ...['okx', 'bybit', 'binance'].map((name) => `${name}:${tethered}`),
    ];
    return `[markets.${symbol}]\nproviders = ${JSON.stringify(venues)}\nmin_providers = 4\n`;
  };
  return `# Where this validator's prices come from: exchanges that plimsolld prices simulate makes up.
# Without these providers' URLs the daemon asks the real exchanges.
laddr = "${laddr}"
# Simulated exchanges have no order books.
book_interval_ms = 0

${Object.keys(demoPrices).map(market).join('\n')}
[markets.USDT-USD]
providers = ["coinbase", "kraken", "bitstamp"]
min_providers = 2
max_unchanged_ms = 0

${simulatedVenues.map(provider).join('\n')}`;
}

async function testnetGenesis(
  { chainId, genesisTime }: TestnetOptions,
  nodes: readonly { readonly name: string; readonly key: ConsensusKey }[],
): Promise<GenesisDoc> {
  const state = await buildAppState(demoMarkets(trancheSize), (changed) => {
    for (const { mnemonic } of demoAccounts) {
      const { address } = keyFromMnemonic(mnemonic);
      addBalance(changed, address, 'uusdc', accountBalance);
      addBalance(changed, address, 'uplim', accountBalance);
    }
    fundVault(changed, 1, trancheSize);
    demoGovernance(changed);
  });
  const validators = nodes.map(({ name, key }) => ({ name, publicKey: key.publicKey, power: validatorPower }));
  return genesisOf(chainId, genesisTime, validators, state);
}

/** The demo's prices, a little different for each validator, as real sources are. */
function pricesOf(index: number): Record<string, string> {
  return Object.fromEntries(
    Object.entries(demoPrices).map(([symbol, price]) => [
      symbol,
      (Number(price) * (1 + (index * priceStepPpm) / 1e6)).toFixed(4),
    ]),
  );
}
