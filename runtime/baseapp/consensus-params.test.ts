import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { ConsensusParams } from 'cosmjs-types/tendermint/types/params';
import { consensusParamsOf, defaultConsensusParams, type GenesisDoc } from '../engine/genesis-doc.js';
import { cacheOver, openStore } from '../store/multistore.js';
import type { CacheMultiStore } from '../store/types.js';
import {
  changeConsensusParams,
  consensusParams,
  consensusStore,
  initConsensusParams,
  sameParams,
} from './consensus-params.js';

const genesis = (): ConsensusParams => consensusParamsOf({ consensus_params: defaultConsensusParams } as GenesisDoc);
const store = await openStore({ mounts: [{ name: consensusStore, kind: 'committed' }] });
let layer: CacheMultiStore;
beforeEach(() => {
  layer = cacheOver(store.at());
  initConsensusParams(layer, genesis());
});

describe('a change of consensus parameters', () => {
  test('keeps the sections it leaves out', () => {
    changeConsensusParams(layer, { block: { maxBytes: 2_000_000n, maxGas: 50_000_000n } });
    const changed = consensusParams(layer)!;
    assert.deepEqual(changed.block, { maxBytes: 2_000_000n, maxGas: 50_000_000n });
    const { block: _old, ...before } = genesis();
    const { block: _new, ...now } = changed;
    assert.deepEqual(
      ConsensusParams.toJSON(ConsensusParams.fromPartial(now)),
      ConsensusParams.toJSON(ConsensusParams.fromPartial(before)),
    );
    assert.ok(!sameParams(changed, genesis()));
  });

  test('to what is there already changes nothing', () => {
    changeConsensusParams(layer, genesis());
    assert.ok(sameParams(consensusParams(layer), genesis()));
  });

  const refused: [what: string, change: Partial<ConsensusParams>, why: RegExp][] = [
    ['turn vote extensions off', { abci: { voteExtensionsEnableHeight: 0n } }, /enable_height: 0; .* it stays 2/],
    ['postpone vote extensions', { abci: { voteExtensionsEnableHeight: 900n } }, /enable_height: 900/],
    ['make blocks too large', { block: { maxBytes: 104_857_601n, maxGas: -1n } }, /max_bytes: 104857601/],
    ['make blocks empty', { block: { maxBytes: 0n, maxGas: -1n } }, /max_bytes: 0/],
    ['use other keys', { validator: { pubKeyTypes: ['secp256k1'] } }, /pub_key_types: secp256k1; expected ed25519/],
    [
      'let evidence fill more than a block',
      { block: { maxBytes: 1_000_000n, maxGas: -1n } },
      /evidence.max_bytes: 1048576; expected 0 to 1000000/,
    ],
  ];
  for (const [what, change, why] of refused) {
    test(`may not ${what}`, () => {
      assert.throws(() => changeConsensusParams(layer, change), why);
      assert.ok(sameParams(consensusParams(layer), genesis()));
    });
  }

  test('needs a genesis', () => {
    assert.throws(() => changeConsensusParams(cacheOver(store.at()), {}), /genesis did not run/);
  });
});
