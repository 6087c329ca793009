import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createRegistry } from '../../../runtime/codec/registry.js';
import { descriptorImage } from '../../../gen/image.js';
import { TypedEvents } from '../../../runtime/codec/typed-events.js';
import { EventHaircut } from '../../../gen/plimsoll/perps/v1/events.js';
import { TraceIndex } from '../../../x/perps/trace/trace-index.js';
import { silentLogger } from '../../../runtime/log.js';
import { LevelTraceArchive } from './trace-archive.js';

const events = new TypedEvents(createRegistry(descriptorImage));
const haircut = (owner: string) =>
  events.event(
    'plimsoll.perps.v1.EventHaircut',
    EventHaircut.fromPartial({ subaccount: { owner, number: 0 }, marketId: 1, amount: '5', tier: 1 }),
  );
const heights = (index: TraceIndex) => [...index.find({})].map(({ block, subaccount }) => [block, subaccount!.owner]);

test('traces outlast a restart; a gap, a limit and a block that is executed again are known', async () => {
  const path = mkdtempSync(join(tmpdir(), 'plimsoll-traces-'));
  const reopened = async (steps: number) => {
    const { archive, archived } = await LevelTraceArchive.open(path, silentLogger);
    return { archive, index: new TraceIndex(steps, archive, archived) };
  };
  try {
    let { archive, index } = await reopened(3);
    assert.equal(index.first, undefined);
    await index.read({ height: 5n, timeMs: 1n }, [haircut('a')]);
    await index.read({ height: 6n, timeMs: 2n }, []);
    await index.read({ height: 7n, timeMs: 3n }, [haircut('b'), haircut('c')]);
    assert.equal(index.first, 5n);
    await archive.close();

    ({ archive, index } = await reopened(3));
    assert.equal(index.first, 5n);
    assert.deepEqual(heights(index), [
      [7n, 'b'],
      [7n, 'c'],
      [5n, 'a'],
    ]);
    // Block 7 was not committed: it comes again, with one event.
    await index.read({ height: 7n, timeMs: 3n }, [haircut('d')]);
    await index.read({ height: 8n, timeMs: 4n }, []);
    assert.deepEqual(heights(index), [
      [7n, 'd'],
      [5n, 'a'],
    ]);
    // Two more steps are one too many: the oldest block goes.
    await index.read({ height: 9n, timeMs: 5n }, [haircut('e'), haircut('f')]);
    assert.deepEqual([index.first, heights(index).length], [6n, 3]);
    await archive.close();

    ({ archive, index } = await reopened(3));
    assert.deepEqual([index.first, heights(index).length], [6n, 3]);
    // Block 10 came by other means.
    await index.read({ height: 11n, timeMs: 6n }, []);
    assert.deepEqual([index.first, heights(index)], [11n, []]);
    await archive.close();
    ({ archive, index } = await reopened(3));
    assert.deepEqual([index.first, heights(index)], [11n, []]);
    await archive.close();
  } finally {
    rmSync(path, { recursive: true });
  }
});
