import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ics23 } from '@confio/ics23';
import { iavlSpec, tendermintSpec, verifyMembership, verifyNonMembership } from '@confio/ics23';
import { ClassicLevel } from 'classic-level';
import fc from 'fast-check';
import { openStore, StoreError, type CacheMultiStore, type MultiStore } from './index.js';
import { multistoreRoot } from './root.js';
import { keyBytes } from './key.js';
import { sha256 } from './iavl/encoding.js';

const mounts = [
  { name: 'bank', kind: 'committed' },
  { name: 'perps', kind: 'committed' },
  { name: 'scratch', kind: 'transient' },
] as const;
const runs = Number(process.env['PLIMSOLL_FC_RUNS'] ?? 60);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytes = (text: string): Uint8Array => Buffer.from(text);

function tempDir(): string {
  return mkdtempSync(join(tmpdir(), 'plimsoll-store-'));
}

async function commit(
  store: MultiStore,
  version: bigint,
  writes: (layer: CacheMultiStore) => void,
): Promise<Uint8Array> {
  const layer = store.cache();
  writes(layer);
  store.prepare(version, layer);
  return (await store.commit()).hash;
}

test('the multistore root is the SDK vector for three stores', () => {
  // Map {key1: value1, key2: value2, key3: value3} of the SDK's own Merkle map: its leaves hash the value, as ours hash the root.
  const leaf = (name: string, hash: string) => ({ name, hash: bytes(hash) });
  assert.equal(
    hex(multistoreRoot([leaf('key1', 'value1'), leaf('key2', 'value2'), leaf('key3', 'value3')])),
    '1dd674ec6782a0d586a903c9c63326a41cbe56b3bba33ed6ff5b527af6efb3dc',
  );
  assert.equal(hex(multistoreRoot([])), hex(sha256(new Uint8Array(0))));
});

test('an empty store has the hash of nothing, as IAVL says', async () => {
  const store = await openStore({ mounts });
  const expected = multistoreRoot([
    { name: 'bank', hash: sha256(new Uint8Array(0)) },
    { name: 'perps', hash: sha256(new Uint8Array(0)) },
  ]);
  assert.equal(hex(store.lastCommit().hash), hex(expected));
});

test('an empty value or key, an unknown store and a call out of turn are refused', async () => {
  const store = await openStore({ mounts });
  const layer = store.cache();
  assert.throws(() => layer.store('bank').set('k', new Uint8Array(0)), StoreError);
  assert.throws(() => layer.store('bank').set('', bytes('v')), StoreError);
  assert.throws(() => layer.store('nope'), /no store named nope/);
  await assert.rejects(() => store.commit(), /commit without prepare/);
  await commit(store, 5n, (l) => l.store('bank').set('k', bytes('v')));
  assert.throws(() => store.prepare(5n, store.cache()), /cannot prepare version 5 after 5/);
  assert.throws(() => store.at(4n), /version 4 is not retained/);
});

type Op =
  | { kind: 'set'; key: string; value: string }
  | { kind: 'delete'; key: string }
  | { kind: 'branch' | 'write' | 'discard' | 'commit' | 'check' };
const keyArb = fc.stringMatching(/^[a-d]{1,3}$/);
const opArb: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('set' as const), key: keyArb, value: fc.stringMatching(/^[x-z]{1,2}$/) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete' as const), key: keyArb }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('branch', 'write', 'discard', 'commit', 'check') }) },
);

test('the store equals a naive model over branches, commits, ranges and old versions', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(opArb, { maxLength: 120 }), async (ops) => {
      const store = await openStore({ mounts, keepVersions: 5 });
      const history: Map<string, string>[] = [new Map()];
      const layers = [store.cache()];
      const models = [new Map<string, string>()];
      const compare = (
        reader: {
          store(name: string): ReturnType<MultiStore['at']>['store'] extends (n: string) => infer R ? R : never;
        },
        model: Map<string, string>,
      ) => {
        const kv = reader.store('perps');
        const sorted = [...model].sort(([a], [b]) => (a < b ? -1 : 1));
        const read = (start: string, end: string | undefined, reverse = false) =>
          [...kv.range(start, end, { reverse })].map(([key, value]) => [key, Buffer.from(value).toString()]);
        assert.deepEqual(read('', undefined), sorted);
        assert.deepEqual(read('', undefined, true), [...sorted].reverse());
        const middle = sorted.filter(([key]) => key >= 'b' && key < 'ca');
        assert.deepEqual(read('b', 'ca'), middle);
        assert.deepEqual(read('b', 'ca', true), [...middle].reverse());
        for (const [key, value] of sorted) assert.equal(Buffer.from(kv.get(key)!).toString(), value);
        assert.equal(kv.has('zz'), false);
      };
      for (const op of [...ops, { kind: 'check' } as Op]) {
        const layer = layers.at(-1)!;
        const model = models.at(-1)!;
        if (op.kind === 'set') {
          layer.store('perps').set(op.key, bytes(op.value));
          layer.store('scratch').set(op.key, bytes(op.value));
          model.set(op.key, op.value);
        } else if (op.kind === 'delete') {
          layer.store('perps').delete(op.key);
          model.delete(op.key);
        } else if (op.kind === 'branch') {
          layers.push(layer.branch());
          models.push(new Map(model));
        } else if (op.kind === 'write' && layers.length > 1) {
          layers.pop()!.write();
          models.splice(-2, 1);
        } else if (op.kind === 'discard' && layers.length > 1) {
          layers.pop()!.discard();
          models.pop();
        } else if (op.kind === 'commit' && layers.length === 1) {
          const version = BigInt(history.length);
          const first = hex(store.prepare(version, layer).hash);
          assert.equal(hex(store.prepare(version, layer).hash), first, 'preparing again gives the same root');
          await store.commit();
          history.push(new Map(model));
          layers[0] = store.cache();
          assert.deepEqual([...layers[0].store('scratch').range('', undefined)], []);
        } else if (op.kind === 'check') {
          compare(layer, model);
          for (let v = Math.max(1, history.length - 5); v < history.length; v++)
            compare(store.at(BigInt(v)), history[v]!);
        }
      }
    }),
    { numRuns: runs },
  );
});

test('ICS-23 membership and absence proofs of every retained version verify with an independent verifier', async () => {
  const store = await openStore({ mounts, keepVersions: 3 });
  const roots: Uint8Array[] = [];
  for (let version = 1; version <= 5; version++) {
    roots[version] = await commit(store, BigInt(version), (layer) => {
      for (let i = 0; i < 40; i++)
        layer.store('perps').set(`key${(i * 7 * version) % 101}`, bytes(`value ${i} ${version}`));
      if (version > 2) layer.store('perps').delete(`key${(7 * version) % 101}`);
      layer.store('bank').set('one', bytes('coin'));
    });
  }
  for (const version of [3, 4, 5]) {
    const view = store.at(BigInt(version)).store('perps');
    for (let i = 0; i < 103; i++) {
      const key = `key${i}`;
      const [inner, outer] = store
        .prove('perps', key, BigInt(version))
        .map((op) => ics23.CommitmentProof.decode(op.data));
      const storeRoot = outer!.exist!.value!;
      assert.ok(verifyMembership(outer!, tendermintSpec, roots[version]!, bytes('perps'), storeRoot));
      const value = view.get(key);
      if (value === undefined)
        assert.ok(verifyNonMembership(inner!, iavlSpec, storeRoot, keyBytes(key)), `${key} absent at ${version}`);
      else {
        assert.ok(verifyMembership(inner!, iavlSpec, storeRoot, keyBytes(key), value), `${key} present at ${version}`);
        assert.ok(!verifyMembership(inner!, iavlSpec, storeRoot, keyBytes(key), bytes('forged')));
      }
    }
  }
});

test('a reopened store has the same root and the same provable history, from the log and from a snapshot', async () => {
  for (const snapshotInterval of [1000, 4]) {
    const path = tempDir();
    try {
      const options = { path, mounts, keepVersions: 6, snapshotInterval, sync: false };
      let store = await openStore(options);
      const roots = new Map<bigint, string>();
      for (let version = 1n; version <= 30n; version++) {
        const hash = await commit(store, version, (layer) => {
          for (let i = 0; i < 20; i++)
            layer.store('perps').set(`k${(i * Number(version)) % 37}`, bytes(`${i}-${version}`));
          layer.store('perps').delete(`k${version % 37n}`);
        });
        roots.set(version, hex(hash));
        if (version % 7n === 0n) {
          await store.close();
          store = await openStore(options);
          assert.equal(hex(store.lastCommit().hash), roots.get(version));
        }
      }
      await store.close();
      store = await openStore(options);
      assert.equal(store.lastCommit().version, 30n);
      assert.ok(store.earliestVersion() <= 25n);
      for (let version = 25n; version <= 30n; version++) {
        const [, outer] = store.prove('perps', 'k1', version);
        const proof = ics23.CommitmentProof.decode(outer!.data);
        assert.ok(
          verifyMembership(
            proof,
            tendermintSpec,
            Buffer.from(roots.get(version)!, 'hex'),
            bytes('perps'),
            proof.exist!.value!,
          ),
        );
      }
      await store.close();
    } finally {
      rmSync(path, { recursive: true });
    }
  }
});

test('memory does not grow while the same keys are written for ever', async () => {
  const store = await openStore({ mounts, keepVersions: 10 });
  const write = (version: number) =>
    commit(store, BigInt(version), (layer) => {
      for (let i = 0; i < 50; i++) layer.store('perps').set(`k${(i * version) % 60}`, bytes(`${version}`));
      if (version % 3 === 0) layer.store('perps').delete(`k${version % 60}`);
    });
  for (let version = 1; version <= 100; version++) await write(version);
  const early = store.nodeCount();
  for (let version = 101; version <= 1000; version++) await write(version);
  assert.ok(store.nodeCount() < early * 1.3, `${store.nodeCount()} nodes after ${early}`);
});

test('a damaged log, a missing log and a foreign store are named and refused', async () => {
  const path = tempDir();
  try {
    const store = await openStore({ path, mounts });
    for (let version = 1n; version <= 3n; version++)
      await commit(store, version, (l) => l.store('perps').set('k', bytes(`v${version}`)));
    await store.close();
    const damage = async (edit: (db: ClassicLevel<Buffer, Buffer>) => Promise<void>) => {
      const db = new ClassicLevel<Buffer, Buffer>(path, { keyEncoding: 'buffer', valueEncoding: 'buffer' });
      await db.open();
      await edit(db);
      await db.close();
    };
    const log2 = Buffer.from('6c0000000000000002', 'hex');
    let saved!: Buffer;
    await damage(async (db) => {
      saved = (await db.get(log2))!;
      const bad = Buffer.from(saved);
      bad[3]! ^= 1;
      await db.put(log2, bad);
    });
    await assert.rejects(() => openStore({ path, mounts }), /log of version 2: checksum does not match/);
    await damage((db) => db.del(log2));
    await assert.rejects(() => openStore({ path, mounts }), /log of version 2 is missing/);
    await damage((db) => db.put(log2, saved));
    await assert.rejects(() => openStore({ path, mounts: [mounts[0]] }), /holds store perps/);
    const open = await openStore({ path, mounts });
    await assert.rejects(() => openStore({ path, mounts }), /open in another process/);
    await open.close();
  } finally {
    rmSync(path, { recursive: true });
  }
});

test('SIGKILL at any moment loses nothing that was acknowledged', async () => {
  const path = tempDir();
  const program = `
    import { openStore } from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)};
    const store = await openStore({ path: ${JSON.stringify(path)}, mounts: [{ name: 'perps', kind: 'committed' }], keepVersions: 3, snapshotInterval: 5, sync: false });
    for (let version = store.lastCommit().version + 1n; ; version++) {
      const layer = store.cache();
      for (let i = 0n; i < 200n; i++) layer.store('perps').set('k' + ((i * version) % 500n), Buffer.from('v' + version + '-' + i));
      store.prepare(version, layer);
      const { hash } = await store.commit();
      process.stdout.write(version + ' ' + Buffer.from(hash).toString('hex') + '\\n');
    }`;
  try {
    let acknowledged = new Map<bigint, string>();
    for (let round = 0; round < 4; round++) {
      const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let out = '';
      child.stdout.on('data', (data) => (out += data));
      await new Promise<void>((resolve) => {
        const kill = () => setTimeout(() => child.kill('SIGKILL'), 20 + 37 * round);
        child.stdout.once('data', kill);
        child.on('close', () => resolve());
      });
      acknowledged = new Map([
        ...acknowledged,
        ...out
          .split('\n')
          .filter((line) => line.length >= 66)
          .map((line) => [BigInt(line.split(' ')[0]!), line.split(' ')[1]!] as const),
      ]);
      const store = await openStore({
        path,
        mounts: [{ name: 'perps', kind: 'committed' }],
        keepVersions: 3,
        snapshotInterval: 5,
      });
      const last = [...acknowledged.keys()].at(-1)!;
      const { version, hash } = store.lastCommit();
      assert.ok(version >= last, `acknowledged ${last}, found ${version}`);
      if (acknowledged.has(version)) assert.equal(hex(hash), acknowledged.get(version));
      await store.close();
    }
  } finally {
    rmSync(path, { recursive: true });
  }
});
