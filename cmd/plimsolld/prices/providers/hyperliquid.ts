import type { Provider } from './description.js';

/** Perpetuals margined in USDC and quoted in US dollars. */
export const hyperliquidPerp: Provider = {
  name: 'hyperliquid-perp',
  title: 'Hyperliquid perpetuals',
  kind: 'perp',
  docs: 'https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/info-endpoint',
  symbol: { form: '{BASE}' },
  limit: { requests: 60, perMs: 60_000 },
  rest: {
    url: 'https://api.hyperliquid.xyz',
    path: '/info',
    method: 'POST',
    body: { type: 'allMids' },
    pollMs: 3_000,
    // A map of symbols to the middle of the book, nothing else.
    rows: '*',
    fields: { symbol: '$key', last: '' },
  },
};
