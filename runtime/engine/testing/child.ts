import { VirtualClock } from '../clock.js';
import { KvApp } from './kv-app.js';
import { genesisMs, openEngine, tx } from './open.js';

// Run as `child.ts DIRECTORY HEIGHT`: produces blocks up to a height, the same ones whatever interrupts it.
const [, , directory, target] = process.argv;
const clock = new VirtualClock(genesisMs);
const engine = await openEngine(new KvApp(`${directory}/app`), { path: `${directory}/blocks`, clock });
console.log(`open ${engine.height}`);
while (engine.height < BigInt(target!)) {
  const height = engine.height + 1n;
  clock.set(genesisMs + (height + 1n) * 1_000n);
  await engine.broadcastTx(tx(`k${height % 50n}=${height}`));
  await engine.produceBlock();
}
const { commit } = (await engine.block(engine.height))!;
console.log(Buffer.from(engine.appHash).toString('hex'), Buffer.from(commit.blockId.hash).toString('hex'));
await engine.stop();
