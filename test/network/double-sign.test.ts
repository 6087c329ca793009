import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { QueryClient, setupSlashingExtension, setupStakingExtension } from '@cosmjs/stargate';
import { Comet38Client } from '@cosmjs/tendermint-rpc';
import { consensusPrefix, toBech32 } from '../../runtime/crypto/address.js';
import { operatorOf, keys, plim } from '../support/staking.js';
import { needsComet } from './support/comet-program.js';
import { Network } from './support/network.js';
import { byStake, stakes } from './support/stake.js';

const culprit = 3;
const keyFile = join('config', 'priv_validator_key.json');

describe('a validator whose key runs on two hosts', { concurrency: false, ...needsComet }, () => {
  let network: Network | undefined;
  after(() => network?.remove());

  test('signs two blocks of one height, is found out by the others, pays 5 % and is out for ever', async () => {
    network = await Network.create({ validators: stakes.length + 1, timeoutCommit: '100ms' });
    const consensus = byStake(network);
    const twin = network.nodes.at(-1)!;
    copyFileSync(join(network.nodes[culprit]!.home, keyFile), join(twin.home, keyFile));
    await network.start();
    const { address } = consensus[culprit]!;
    const comet = await Comet38Client.connect(network.nodes[0]!.rpc);
    try {
      const client = QueryClient.withExtensions(comet, setupStakingExtension, setupSlashingExtension);
      const info = async () => (await client.slashing.signingInfo(toBech32(address, consensusPrefix))).valSigningInfo;
      const until = Date.now() + 240_000;
      for (;;) {
        await new Promise((resolve) => setTimeout(resolve, 500));
        if (
          await info()
            .then((found) => found.tombstoned)
            .catch(() => false)
        )
          break;
        assert.ok(Date.now() < until, `nobody was found out by height ${await network.tip()}`);
      }
      const { validator } = await client.staking.validator(operatorOf(keys[culprit]!));
      assert.equal(validator.jailed, true);
      assert.equal(BigInt(validator.tokens), (stakes[culprit]! * plim * 95n) / 100n);
      const tip = await network.tip();
      await Promise.all(network.nodes.slice(0, culprit).map((node) => node.reach(tip + 4)));
      const { validators } = await comet.validatorsAll(tip + 4);
      assert.equal(validators.length, culprit);
      assert.ok(validators.every((each) => Buffer.compare(each.address, address) !== 0));
      await network.agreed(1, tip + 3, network.nodes.slice(0, culprit));
    } finally {
      comet.disconnect();
    }
  });
});
