import type { Context } from '../../../runtime/baseapp/context.js';
import type { AuthKeeper } from '../keeper.js';
import type { Signer } from './signers.js';

/** Uses up each signer's sequence, so that no transaction runs twice, and keeps a key seen for the first time. */
export function incrementSequences(ctx: Context, signers: readonly Signer[], auth: AuthKeeper): void {
  for (const { account, pubKey } of signers) auth.set(ctx, { ...account, pubKey, sequence: account.sequence + 1n });
}
