import { Presets, SingleBar } from 'cli-progress';

/** What a watcher wants to know after a block. */
export interface Standing {
  readonly height: number;
  /** "BTC-USD 43538.02" for each market. */
  readonly prices: string;
  /** Quote quanta. */
  readonly openInterest: bigint;
  readonly insurance: bigint;
}

export interface Progress {
  /** True when a report would be shown now: making one costs something. */
  due(): boolean;
  show(standing: Standing): void;
  end(): void;
}

const barIntervalMs = 100;
const lineIntervalMs = 5_000;

const usdc = (amount: bigint): string => `${(amount / 1_000_000n).toLocaleString('en')} USDC`;

/** A bar on a terminal, otherwise a line every few seconds; both on standard error. */
export function progress(blocks: number, stream: NodeJS.WriteStream = process.stderr): Progress {
  let last = Date.now();
  const every = (interval: number) => (): boolean => {
    if (Date.now() - last < interval) return false;
    last = Date.now();
    return true;
  };
  if (!stream.isTTY) {
    return {
      due: every(lineIntervalMs),
      show: ({ height, prices, openInterest, insurance }) =>
        stream.write(
          `block ${height} of ${blocks}  ${prices}  open interest ${usdc(openInterest)}  insurance ${usdc(insurance)}\n`,
        ),
      end: () => {},
    };
  }
  const bar = new SingleBar(
    {
      format: '{bar} {value}/{total}  {prices}  OI {openInterest}  insurance {insurance}  {eta_formatted} left',
      stream,
      barsize: 24,
      etaBuffer: 100,
      hideCursor: true,
    },
    Presets.shades_classic,
  );
  bar.start(blocks, 0, { prices: '', openInterest: '', insurance: '' });
  return {
    due: every(barIntervalMs),
    show: ({ height, prices, openInterest, insurance }) =>
      bar.update(height, { prices, openInterest: usdc(openInterest), insurance: usdc(insurance) }),
    end: () => bar.stop(),
  };
}
