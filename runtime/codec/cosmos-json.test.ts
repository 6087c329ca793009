import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AminoTypes, createDefaultAminoConverters } from '@cosmjs/stargate';
import { descriptorImage } from '../../gen/image.js';
import { AminoJson } from './amino-json.js';
import { createRegistry } from './registry.js';
import type { JsonValue } from './types.js';

const registry = createRegistry(descriptorImage);
const key = Buffer.alloc(32, 5).toString('base64');
const staking = 'cosmos.staking.v1beta1';
const create: JsonValue = {
  description: { moniker: 'm', identity: 'i', website: 'w', security_contact: 's', details: 'd' },
  commission: {
    rate: '0.050000000000000000',
    max_rate: '1.000000000000000000',
    max_change_rate: '0.000000000000000001',
  },
  min_self_delegation: '1',
  delegator_address: 'plim1a',
  validator_address: 'plimvaloper1a',
  pubkey: { '@type': '/cosmos.crypto.ed25519.PubKey', key },
  value: { denom: 'uplim', amount: '7' },
};

describe("JSON is the Cosmos SDK's", () => {
  test('where decimals have a point, in texts, bytes, lists and packed values', () => {
    for (const [type, json] of [
      [`${staking}.MsgCreateValidator`, create],
      ['cosmos.distribution.v1beta1.FeePool', { community_pool: [{ denom: 'u', amount: '12.500000000000000000' }] }],
      [
        'cosmos.tx.v1beta1.TxBody',
        {
          messages: [Object.assign({ '@type': `/${staking}.MsgCreateValidator` }, create)],
          memo: '',
          timeout_height: '0',
          unordered: false,
          timeout_timestamp: null,
          extension_options: [],
          non_critical_extension_options: [],
        },
      ],
    ] as [string, JsonValue][]) {
      const bytes = registry.fromJson(type, json);
      registry.assertCanonical(type, bytes);
      const again = registry.toJson(type, bytes);
      for (const [name, value] of Object.entries(json as object))
        if (value !== null) assert.deepEqual((again as Record<string, unknown>)[name], value, `${type}.${name}`);
    }
  });

  const read = (rate: string): JsonValue =>
    registry.toJson(
      `${staking}.CommissionRates`,
      registry.fromJson(`${staking}.CommissionRates`, { rate, max_rate: '0', max_change_rate: '0' }),
    );
  const table: readonly (readonly [given: string, read: string])[] = [
    ['1', '1.000000000000000000'],
    ['0.1', '0.100000000000000000'],
    ['-0.5', '-0.500000000000000000'],
    ['0', '0.000000000000000000'],
  ];
  for (const [given, expected] of table) {
    test(`${given} is read as ${expected}`, () => {
      assert.equal((read(given) as { rate: string }).rate, expected);
    });
  }

  for (const bad of ['.5', '1e3', '0.0000000000000000001', '0x1', ' 1']) {
    test(`${JSON.stringify(bad)} is refused, and the field is named`, () => {
      assert.throws(() => read(bad), /CommissionRates\.rate: .* is not a decimal of at most 18 places/);
    });
  }
});

test('amino JSON of stake is what CosmJS signs', () => {
  const amino = new AminoJson(registry);
  const converters = new AminoTypes(createDefaultAminoConverters());
  for (const [type, json] of [
    [`${staking}.MsgCreateValidator`, create],
    [
      `${staking}.MsgEditValidator`,
      {
        description: { moniker: 'm', identity: 'i', website: 'w', security_contact: 's', details: 'd' },
        validator_address: 'plimvaloper1a',
        commission_rate: '0.070000000000000000',
        min_self_delegation: '5',
      },
    ],
    [
      `${staking}.MsgBeginRedelegate`,
      {
        delegator_address: 'plim1a',
        validator_src_address: 'plimvaloper1a',
        validator_dst_address: 'plimvaloper1b',
        amount: { denom: 'uplim', amount: '7' },
      },
    ],
    [
      `${staking}.MsgCancelUnbondingDelegation`,
      {
        delegator_address: 'plim1a',
        validator_address: 'plimvaloper1a',
        amount: { denom: 'uplim', amount: '7' },
        creation_height: '12',
      },
    ],
    ['cosmos.distribution.v1beta1.MsgSetWithdrawAddress', { delegator_address: 'plim1a', withdraw_address: 'plim1b' }],
    // Not MsgWithdrawValidatorCommission: CosmJS gives it another name than every Cosmos chain.
    [
      'cosmos.distribution.v1beta1.MsgFundCommunityPool',
      { amount: [{ denom: 'uplim', amount: '7' }], depositor: 'plim1a' },
    ],
  ] as [string, JsonValue][]) {
    const ours = amino.message(type, registry.fromJson(type, json)) as { type: string; value: object };
    const { typeUrl, value } = converters.fromAmino(ours as never);
    assert.equal(typeUrl, `/${type}`);
    // Back through CosmJS: the same document.
    assert.deepEqual(converters.toAmino({ typeUrl, value }), ours);
  }
});
