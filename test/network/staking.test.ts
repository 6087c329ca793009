import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { DirectSecp256k1HdWallet } from '@cosmjs/proto-signing';
import { SigningStargateClient } from '@cosmjs/stargate';
import { Comet38Client } from '@cosmjs/tendermint-rpc';
import { demoAccounts } from '../../cmd/plimsolld/devnet/demo.js';
import type { ConsensusKey } from '../../runtime/engine/consensus-key.js';
import { ValidatorSet } from '../../runtime/engine/validator-set.js';
import { keys, operatorOf, plim } from '../support/staking.js';
import { needsComet } from './support/comet-program.js';
import { Network } from './support/network.js';
import { byStake, stakes } from './support/stake.js';

describe('four validators by stake on CometBFT', { concurrency: false, ...needsComet }, () => {
  let network: Network;
  let comet: Comet38Client;
  let consensus: ConsensusKey[];

  before(async () => {
    network = await Network.create({ validators: 4 });
    consensus = byStake(network);
    await network.start();
    await network.reach(3);
    comet = await Comet38Client.connect(network.nodes[0]!.rpc);
  });
  after(async () => {
    comet.disconnect();
    await network.remove();
  });

  test('change powers as the embedded engine would: sets, order and proposer priorities of every height', async () => {
    const wallet = await DirectSecp256k1HdWallet.fromMnemonic(demoAccounts[3]!.mnemonic, { prefix: 'plim' });
    const client = await SigningStargateClient.connectWithSigner(network.nodes[0]!.rpc, wallet);
    const [address, operator] = [keys[3]!.address, operatorOf(keys[3]!)];
    const fee = { amount: [], gas: '1000000' };
    const coin = { denom: 'uplim', amount: (50n * plim).toString() };
    const delegated = await client.delegateTokens(address, operator, coin, fee);
    assert.equal(delegated.code, 0, delegated.rawLog);
    const left = await client.undelegateTokens(address, operator, { ...coin, amount: String(59n * plim + 1n) }, fee);
    assert.equal(left.code, 0, left.rawLog);
    client.disconnect();
    const last = left.height + 5;
    await network.reach(last);
    await network.agreed(1, last);

    const updates = (power: bigint, publicKey: Uint8Array) => ({
      pubKey: { ed25519: publicKey, secp256k1: undefined },
      power,
    });
    // The set of height 2 follows from that of height 1; what block H changes is in that of H + 2.
    let sets = [ValidatorSet.genesis(consensus.map(({ publicKey }, index) => updates(stakes[index]!, publicKey)))];
    sets = [...sets, sets[0]!.next()];
    for (let height = 1; height <= last; height++) {
      const expected = sets[height - 1]!;
      const { validators } = await comet.validatorsAll(height);
      assert.deepEqual(
        validators.map((each) => [Buffer.from(each.address).toString('hex'), each.votingPower, each.proposerPriority]),
        expected.validators.map((each) => [
          Buffer.from(each.address).toString('hex'),
          each.power,
          Number(each.priority),
        ]),
        `validators of height ${height}`,
      );
      const { block } = await comet.block(height);
      assert.deepEqual(Buffer.from(block.header.validatorsHash), Buffer.from(expected.hash), `hash at ${height}`);
      const { validatorUpdates } = await comet.blockResults(height);
      const changes = validatorUpdates.map(({ pubkey, votingPower }) => updates(votingPower, pubkey.data));
      sets.push(sets[height]!.apply(changes).next());
    }
    assert.equal(sets[last - 1]!.validators.length, 3);
  });
});
