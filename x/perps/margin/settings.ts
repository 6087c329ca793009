import type { MarginSettings, MarketId } from '../types.js';

/** What a subaccount starts with. */
export const defaultSettings: MarginSettings = { mode: 'portfolio', leverages: [] };

/** The most leverage that an owner may name; a market's own bound counts if it is lower. */
export const maxChosenLeverage = 100;

/** Settings with another leverage in a market; zero takes the choice back. */
export function withLeverage({ mode, leverages }: MarginSettings, id: MarketId, leverage: bigint): MarginSettings {
  const others = leverages.filter(({ marketId }) => marketId !== id);
  if (leverage === 0n) return { mode, leverages: others };
  const chosen = [...others, { marketId: id, leverage }].sort((a, b) => a.marketId - b.marketId);
  return { mode, leverages: chosen };
}
