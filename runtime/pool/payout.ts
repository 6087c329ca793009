import { fdiv } from '../math/integers.js';

/** What is left of an epoch for those who are not served yet. */
export interface PayoutState {
  readonly matureLeft: bigint;
  readonly sharesLeft: bigint;
  readonly assetsLeft: bigint;
}

/** The next owner's part: his share of what is left, rounded down; the last gets what remains, so nothing does. */
export function serve(
  state: PayoutState,
  mature: bigint,
): { readonly shares: bigint; readonly assets: bigint; readonly left: PayoutState } {
  const shares = fdiv(state.sharesLeft * mature, state.matureLeft);
  const assets = state.sharesLeft === 0n ? 0n : fdiv(state.assetsLeft * shares, state.sharesLeft);
  return {
    shares,
    assets,
    left: {
      matureLeft: state.matureLeft - mature,
      sharesLeft: state.sharesLeft - shares,
      assetsLeft: state.assetsLeft - assets,
    },
  };
}
