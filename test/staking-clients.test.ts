import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Secp256k1HdWallet } from '@cosmjs/amino';
import { DirectSecp256k1HdWallet, type OfflineSigner } from '@cosmjs/proto-signing';
import {
  QueryClient,
  setupDistributionExtension,
  setupSlashingExtension,
  setupStakingExtension,
  SigningStargateClient,
} from '@cosmjs/stargate';
import { Comet38Client } from '@cosmjs/tendermint-rpc';
import { MsgCreateValidator, MsgEditValidator } from 'cosmjs-types/cosmos/staking/v1beta1/tx';
import { PubKey } from 'cosmjs-types/cosmos/crypto/ed25519/keys';
import { demoAccounts } from '../cmd/plimsolld/devnet/demo.js';
import { serveRpc } from '../runtime/engine/rpc/server.js';
import { silentLogger } from '../runtime/log.js';
import { validatorsHash } from '../runtime/engine/hashing.js';
import {
  consensusKeys,
  keys,
  operatorOf,
  plim,
  stakedState,
  stakingChain,
  type StakingChain,
} from './support/staking.js';

const prefix = 'plim';
const [alice, bob, carol] = keys as [(typeof keys)[0], (typeof keys)[0], (typeof keys)[0]];
const coin = (amount: bigint, denom = 'uplim') => ({ denom, amount: amount.toString() });
const fee = { amount: [coin(1_000n, 'uusdc')], gas: '1000000' };

let chain: StakingChain;
let url: string;
let closeRpc: () => Promise<void>;
let comet: Comet38Client;
const extended = (client: Comet38Client) =>
  QueryClient.withExtensions(client, setupStakingExtension, setupDistributionExtension, setupSlashingExtension);
let query: ReturnType<typeof extended>;

before(async () => {
  chain = await stakingChain(await stakedState([1_000_000n]));
  const rpc = await serveRpc({
    engine: chain.engine,
    host: '127.0.0.1',
    port: 0,
    moniker: 'test',
    logger: silentLogger,
  });
  url = rpc.url;
  closeRpc = () => rpc.close();
  chain.engine.start(40, (error) => {
    throw error;
  });
  comet = await Comet38Client.connect(url);
  query = extended(comet);
});

after(async () => {
  comet.disconnect();
  await closeRpc();
  await chain.close();
});

const direct = (index: number): Promise<OfflineSigner> =>
  DirectSecp256k1HdWallet.fromMnemonic(demoAccounts[index]!.mnemonic, { prefix });
const amino = (index: number): Promise<OfflineSigner> =>
  Secp256k1HdWallet.fromMnemonic(demoAccounts[index]!.mnemonic, { prefix });

async function as<T>(signer: OfflineSigner, work: (client: SigningStargateClient) => Promise<T>): Promise<T> {
  const client = await SigningStargateClient.connectWithSigner(url, signer, { broadcastPollIntervalMs: 50 });
  try {
    return await work(client);
  } finally {
    client.disconnect();
  }
}

const create = (key: (typeof keys)[0], index: number, amount: bigint) => ({
  typeUrl: '/cosmos.staking.v1beta1.MsgCreateValidator',
  value: MsgCreateValidator.fromPartial({
    description: { moniker: 'second', identity: 'i', website: 'w', securityContact: 's', details: 'd' },
    commission: { rate: '50000000000000000', maxRate: '200000000000000000', maxChangeRate: '10000000000000000' },
    minSelfDelegation: '1',
    delegatorAddress: key.address,
    validatorAddress: operatorOf(key),
    pubkey: {
      typeUrl: '/cosmos.crypto.ed25519.PubKey',
      value: PubKey.encode({ key: consensusKeys[index]!.publicKey }).finish(),
    },
    value: coin(amount),
  }),
});

describe('CosmJS as it is', { concurrency: false }, () => {
  test('finds the validators, their parameters and their pool', async () => {
    const { validators } = await query.staking.validators('BOND_STATUS_BONDED');
    assert.deepEqual(
      validators.map(({ operatorAddress, tokens, status }) => [operatorAddress, tokens, status]),
      [[operatorOf(alice), '1000000000000', 3]],
    );
    const { params } = await query.staking.params();
    assert.equal(params!.bondDenom, 'uplim');
    assert.equal(params!.unbondingTime!.seconds, 1_814_400n);
    assert.equal((await query.staking.pool()).pool!.bondedTokens, '1000000000000');
    assert.equal((await query.slashing.signingInfos()).info.length, 1);
    const slashing = (await query.slashing.params()).params!;
    assert.equal(Buffer.from(slashing.slashFractionDoubleSign).toString(), '50000000000000000');
  });

  test('delegates, signing directly', async () => {
    const result = await as(await direct(1), (client) =>
      client.delegateTokens(bob.address, operatorOf(alice), coin(500n * plim), fee),
    );
    assert.equal(result.code, 0, result.rawLog);
    const { delegationResponse } = await query.staking.delegation(bob.address, operatorOf(alice));
    assert.deepEqual(delegationResponse!.balance, coin(500n * plim));
    assert.equal(delegationResponse!.delegation!.shares, `${500n * plim}${'0'.repeat(18)}`);
  });

  test('delegates and undelegates in the form that a Ledger signs', async () => {
    const result = await as(await amino(1), async (client) => {
      const delegated = await client.delegateTokens(bob.address, operatorOf(alice), coin(100n * plim), fee);
      assert.equal(delegated.code, 0, delegated.rawLog);
      return client.undelegateTokens(bob.address, operatorOf(alice), coin(50n * plim), fee);
    });
    assert.equal(result.code, 0, result.rawLog);
    const { unbond } = await query.staking.unbondingDelegation(bob.address, operatorOf(alice));
    assert.deepEqual(
      unbond!.entries.map(({ balance }) => balance),
      ['50000000'],
    );
  });

  test('makes a validator, and changes it, in both ways of signing', async () => {
    const made = await as(await amino(2), (client) =>
      client.signAndBroadcast(carol.address, [create(carol, 2, 10n * plim)], fee),
    );
    assert.equal(made.code, 0, made.rawLog);
    const { validator } = await query.staking.validator(operatorOf(carol));
    assert.equal(validator!.commission!.commissionRates!.rate, '50000000000000000');
    const edited = await as(await direct(2), (client) =>
      client.signAndBroadcast(
        carol.address,
        [
          {
            typeUrl: '/cosmos.staking.v1beta1.MsgEditValidator',
            value: MsgEditValidator.fromPartial({
              description: {
                moniker: 'renamed',
                identity: '[do-not-modify]',
                website: '[do-not-modify]',
                securityContact: '[do-not-modify]',
                details: '[do-not-modify]',
              },
              validatorAddress: operatorOf(carol),
            }),
          },
        ],
        fee,
      ),
    );
    assert.equal(edited.code, 0, edited.rawLog);
    const after = (await query.staking.validator(operatorOf(carol))).validator!;
    assert.deepEqual([after.description!.moniker, after.description!.website], ['renamed', 'w']);
  });

  test('sees and withdraws rewards', async () => {
    const total = await query.distribution.delegationTotalRewards(bob.address);
    assert.deepEqual(
      total.rewards.map(({ validatorAddress }) => validatorAddress),
      [operatorOf(alice)],
    );
    const earned = await query.distribution.validatorOutstandingRewards(operatorOf(alice));
    assert.ok(BigInt(earned.rewards!.rewards[0]!.amount) > 0n);
    const commission = await query.distribution.validatorCommission(operatorOf(alice));
    assert.ok(BigInt(commission.commission!.commission[0]!.amount) > 0n);
    for (const signer of [await direct(0), await amino(0)]) {
      const result = await as(signer, (client) => client.withdrawRewards(alice.address, operatorOf(alice), fee));
      assert.equal(result.code, 0, result.rawLog);
    }
    assert.equal((await query.distribution.communityPool()).pool[0]!.denom, 'uusdc');
  });

  test('reads the set of each height; it is the one whose hash the header has', async () => {
    const { height } = await comet.block().then(({ block }) => block.header);
    for (const at of [1, height - 1, height]) {
      const { validators } = await comet.validatorsAll(at);
      const set = validators.map(({ pubkey, votingPower }) => ({ publicKey: pubkey!.data, power: votingPower }));
      const { block } = await comet.block(at);
      assert.deepEqual(Buffer.from(validatorsHash(set)), Buffer.from(block.header.validatorsHash), `height ${at}`);
    }
    assert.equal((await comet.validatorsAll(height)).total, 2);
  });

  test('reads validator updates in block results', async () => {
    const powers: bigint[] = [];
    for (let at = 1; at <= Number(chain.engine.height); at++)
      for (const update of (await comet.blockResults(at)).validatorUpdates) powers.push(update.votingPower);
    assert.deepEqual(powers, [1_000_500n, 1_000_600n, 1_000_550n, 10n]);
  });
});
