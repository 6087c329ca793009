import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { killPlans, live } from '../runtime/store/testing/kill.js';
import { withDirectory } from '../runtime/store/testing/histories.js';

const program = fileURLToPath(new URL('./support/crash-node.ts', import.meta.url));
/** Processes killed; more find more. */
const kills = Number(process.env['PLIMSOLL_KILLS'] ?? 3);
const seed = Number(process.env['PLIMSOLL_SEED'] ?? 1);

test('a node killed before, in or after any write of a block goes on to the hashes of one never killed', async (t) => {
  t.diagnostic(`seed ${seed}, ${kills} kills`);
  await withDirectory(async (directory) => {
    const target = `${12 + 3 * kills}`;
    const reference = (await live(program, [join(directory, 'whole'), target])).lines;
    const plans = killPlans(seed, 16);
    const broken = join(directory, 'broken');
    for (let died = 0; died < kills; died++) {
      const plan = plans.next().value!;
      const { lines } = await live(program, [broken, target], plan);
      for (const line of lines) assert.ok(reference.includes(line), `${JSON.stringify(plan)}: ${line}`);
    }
    // Also the newest snapshot and where the stored blocks begin.
    assert.deepEqual((await live(program, [broken, target])).lines.slice(-3), reference.slice(-3));
  });
});
