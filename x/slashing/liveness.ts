import type { Context } from '../../runtime/baseapp/context.js';
import { consensusPrefix, toBech32 } from '../../runtime/crypto/address.js';
import { forEverMs, updateDelay, type SlashingKeeper } from './keeper.js';

/**
 * Counts who signed the previous block. Who misses more of the window than it
 * may is slashed a little and jailed, and begins with an empty window. O(votes).
 */
export function countSignatures(ctx: Context, k: SlashingKeeper): void {
  const rules = k.rules(ctx);
  for (const { address, power, signed } of ctx.block.lastCommit) {
    let info = k.infoOrNew(ctx, address);
    if (k.windowOf(ctx, address) !== rules.window) {
      // Bits of a window of another length mean nothing.
      k.clearMissed(ctx, address);
      k.setWindow(ctx, address, rules.window);
      info = { ...info, indexOffset: 0n, missed: 0n };
    }
    const index = Number(info.indexOffset % rules.window);
    const before = k.isMissed(ctx, address, index);
    if (before !== !signed) k.setMissed(ctx, address, index, !signed);
    const change = before === !signed ? 0n : signed ? -1n : 1n;
    info = { ...info, indexOffset: info.indexOffset + 1n, missed: info.missed + change };
    if (!signed) {
      ctx.events.emit('liveness', [
        ['address', toBech32(address, consensusPrefix)],
        ['missed_blocks', info.missed.toString()],
        ['height', ctx.block.height.toString()],
      ]);
    }
    const isDown = info.missed > rules.maxMissed && ctx.block.height > info.startHeight + rules.window;
    if (!isDown || k.isJailed(ctx, address)) {
      k.setInfo(ctx, info);
      continue;
    }
    k.clearMissed(ctx, address);
    k.setInfo(ctx, { ...info, indexOffset: 0n, missed: 0n });
    k.slashAt(ctx, address, ctx.block.height - updateDelay - 1n, power, rules.downtime, 'missing_signature');
    k.jail(ctx, address, ctx.block.timeMs + rules.jailMs);
  }
}

/**
 * Two signed blocks of one height: a slash of the stake of that height, and
 * jail for ever. One that is out for ever has paid. The engine hands evidence
 * over only while it is young enough. O(evidence).
 */
export function punishMisbehavior(ctx: Context, k: SlashingKeeper): void {
  for (const { address, height, power } of ctx.block.misbehavior) {
    const info = k.infoOrNew(ctx, address);
    if (info.tombstoned) continue;
    const { doubleSign } = k.rules(ctx);
    k.slashAt(ctx, address, height - updateDelay, power, doubleSign, 'double_sign');
    k.setInfo(ctx, { ...info, tombstoned: true });
    k.jail(ctx, address, forEverMs);
  }
}
