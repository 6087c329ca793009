import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { DirectSecp256k1HdWallet } from '@cosmjs/proto-signing';
import { Command, InvalidArgumentError, Option } from 'commander';
import { Side } from '../../gen/plimsoll/perps/v1/types.js';
import { usdc } from '../amounts.js';
import { addressPrefix } from '../plimsoll.js';
import { Keeper, type KeeperConfig, type KeeperReport } from './keeper.js';
import type { WantedBid } from './plan.js';

interface Flags {
  readonly node: string;
  readonly mnemonicFile: string;
  readonly subaccount: number;
  readonly bid: readonly WantedBid[];
  readonly deposit: bigint;
  readonly maxInventory: bigint;
  readonly hedge: bigint;
  readonly hedgeSlippage: number;
  readonly every: number;
  readonly cancelOnExit?: boolean;
}

const amount = (text: string): bigint => {
  try {
    const value = usdc(text);
    if (value < 0n) throw new Error('it is negative');
    return value;
  } catch (error) {
    throw new InvalidArgumentError(`expected USDC like 2500 or 0.5: ${(error as Error).message}`);
  }
};

const integer =
  (low: number, high: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d{1,9}$/.test(text) || value < low || value > high)
      throw new InvalidArgumentError(`expected an integer from ${low} to ${high}`);
    return value;
  };

const amountOption = (flags: string, help: string, preset: string): Option =>
  new Option(flags, help).argParser(amount).default(amount(preset), preset);

/** market:side:notional:basis-points. @throws InvalidArgumentError saying what was expected */
export function parseBid(text: string, before: readonly WantedBid[] = []): WantedBid[] {
  const match = /^(\d{1,9}):(buy|sell):([\d.]+):(\d{1,4})$/.exec(text);
  if (match === null || Number(match[4]) % 5 !== 0)
    throw new InvalidArgumentError(
      'expected market:side:USDC:basis points like 1:buy:20000:10, basis points in steps of 5',
    );
  const [, marketId, side, notional, points] = match;
  return [
    ...before,
    {
      marketId: Number(marketId),
      side: side === 'buy' ? Side.SIDE_BUY : Side.SIDE_SELL,
      notional: amount(notional!),
      minDiscountPpm: Number(points) * 100,
    },
  ];
}

/** @param run starts the keeper; the program itself only reads what is typed */
export function program(run: (flags: Flags) => Promise<void>): Command {
  return new Command('node dist/client/keeper/main.js')
    .description('Stand ready to take failing positions over at a discount, and close them on the book')
    .requiredOption('--mnemonic-file <path>', 'file with the words of the account that signs')
    .requiredOption('--bid <market:side:USDC:bp>', 'a bid to keep standing; give it several times', parseBid)
    .option('--node <url>', 'CometBFT RPC', 'http://127.0.0.1:26657')
    .option('--subaccount <number>', 'its own subaccount: every position in it is inventory', integer(0, 127), 1)
    .addOption(amountOption('--deposit <USDC>', 'put into the subaccount when it does not exist yet', '0'))
    .addOption(
      amountOption('--max-inventory <USDC>', 'most that a market may hold: bids shrink with the room', '100000'),
    )
    .addOption(amountOption('--hedge <USDC>', 'most that one order closes', '10000'))
    .option('--hedge-slippage <bp>', 'farthest from mark that a close may trade', integer(0, 1_000), 20)
    .option('--every <ms>', 'time between rounds', integer(50, 600_000), 1_000)
    .option('--cancel-on-exit', 'take the bids back on Ctrl-C; otherwise they stay')
    .addHelpText(
      'after',
      `
A bid "1:buy:20000:10" takes failing longs of market 1 over, up to 20,000 USDC
of them, at mark less 10 basis points or better. Initial margin for it must be
free in the subaccount. What was taken is closed by reduce-only orders.

Examples:
  node dist/client/keeper/main.js --mnemonic-file words.txt --deposit 5000 --bid 1:buy:20000:10
  node dist/client/keeper/main.js --mnemonic-file words.txt \\
    --bid 1:buy:20000:10 --bid 1:sell:20000:10 --max-inventory 50000 --hedge 5000 --hedge-slippage 30 --cancel-on-exit`,
    )
    .action(run);
}

function configOf(flags: Flags): KeeperConfig {
  return {
    node: flags.node,
    subaccount: flags.subaccount,
    bids: flags.bid,
    deposit: flags.deposit,
    limits: {
      maxInventory: flags.maxInventory,
      hedgeNotional: flags.hedge,
      hedgeSlippagePpm: flags.hedgeSlippage * 100,
      minBid: usdc('1000'),
    },
  };
}

const line = (report: object): string =>
  JSON.stringify(report, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));

/** Runs until Ctrl-C, one JSON line for each thing that happens. A round that fails is told of, and the next one tries again. */
async function run(flags: Flags): Promise<void> {
  const words = readFileSync(flags.mnemonicFile, 'utf8').trim();
  const wallet = await DirectSecp256k1HdWallet.fromMnemonic(words, { prefix: addressPrefix });
  const tell = (report: KeeperReport): void => console.log(line(report));
  const keeper = await Keeper.connect(configOf(flags), wallet, tell);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  while (!stop.signal.aborted) {
    try {
      await keeper.round();
    } catch (error) {
      console.error(line({ kind: 'error', message: (error as Error).message }));
    }
    await sleep(flags.every, undefined, { signal: stop.signal }).catch(() => {});
  }
  if (flags.cancelOnExit === true) await keeper.cancelBids();
  keeper.close();
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await program(run)
    .parseAsync()
    .catch((error: Error) => {
      console.error(error.message);
      process.exitCode = 1;
    });
}
