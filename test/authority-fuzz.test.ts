import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DescField, DescMessage } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { RequestQuery } from 'cosmjs-types/tendermint/abci/types';
import { authority } from '../app/app.js';
import type { SigningKey } from '../cmd/plimsolld/keyring/keyring.js';
import type { TxMessage } from '../runtime/codec/tx.js';
import type { JsonValue } from '../runtime/codec/types.js';
import { fromBech32, operatorPrefix, toBech32 } from '../runtime/crypto/address.js';
import { Market } from '../gen/plimsoll/perps/v1/types.js';
import { usdc } from './support/amounts.js';
import { testChain, type TestChain } from './support/chain.js';
import { deposit } from './support/messages.js';

const runsOfEach = Number(process.env['PLIMSOLL_FC_RUNS'] ?? 3);

/** Parameters of every module, listings, pairs and prices: what only governance and the votes may move. */
async function ruled(chain: TestChain): Promise<Record<string, string>> {
  const { app, registry, keepers } = chain.plimsoll;
  const found: Record<string, string> = {};
  for (const { fullName, methods } of registry.services()) {
    for (const { name, inputType } of methods) {
      if (!name.endsWith('Params') || registry.message(inputType).fields.length > 0) continue;
      const path = `/${fullName}/${name}`;
      if (!app.router.hasQuery(path)) continue;
      const { code, value } = await app.query(RequestQuery.fromPartial({ path }));
      assert.equal(code, 0, path);
      found[path] = Buffer.from(value).toString('hex');
    }
  }
  const ctx = app.queryContext();
  for (const market of keepers.perps.allMarkets(ctx)) {
    found[`market ${market.id}`] = Buffer.from(Market.encode(market).finish()).toString('hex');
    found[`price ${market.oraclePairId}`] = String(keepers.oracle.price(ctx, market.oraclePairId)?.price);
  }
  found['pairs'] = JSON.stringify([...keepers.oracle.pairs(ctx)], (_, value: unknown) =>
    String(value) === value ? value : typeof value === 'bigint' ? value.toString() : value,
  );
  found['assets'] = String([...keepers.perps.collateral.assets(ctx)].length);
  return found;
}

/** Values of a field as JSON: small and plausible, so that many messages get past the first check. */
function valueOf(
  chain: TestChain,
  field: DescField,
  key: SigningKey,
  depth: number,
): fc.Arbitrary<JsonValue | undefined> {
  const operator = toBech32(fromBech32(key.address), operatorPrefix);
  const scalar = chain.plimsoll.registry.json.scalarOf(field);
  const single = (): fc.Arbitrary<JsonValue | undefined> => {
    if (field.message !== undefined) return messageOf(chain, field.message, key, depth + 1);
    if (field.enum !== undefined)
      return fc.constantFrom(
        ...(field.enum.values.length > 1 ? field.enum.values.slice(1) : field.enum.values).map(({ name }) => name),
      );
    if (scalar === 'cosmos.ValidatorAddressString') return fc.constant(operator);
    if (scalar === 'cosmos.Dec') return fc.constantFrom('0.100000000000000000', '0.010000000000000000');
    switch (field.scalar as number) {
      case 8:
        return fc.boolean();
      case 9:
        if (/amount|notional|delegation/.test(field.name)) return fc.constantFrom('1', '1000000', '10000000');
        if (/denom/.test(field.name)) return fc.constantFrom('uusdc', 'uplim');
        return /address|owner|recipient/.test(field.name)
          ? fc.constant(key.address)
          : fc.constantFrom('', key.address, 'BTC-USD', 'text');
      case 12:
        return fc.constantFrom('', 'AAEC');
      default:
        return plausible(field.name).map((value) => (isWide(field) ? String(value) : value));
    }
  };
  // Of messages within messages only governance's own are run, by governance.
  if (field.message?.typeName === 'google.protobuf.Any')
    return fc.constant(field.fieldKind === 'list' ? [] : undefined);
  if (field.fieldKind === 'map') return fc.constant(undefined);
  return field.fieldKind === 'list'
    ? (fc.array(
        single().filter((each) => each !== undefined),
        { maxLength: 2 },
      ) as fc.Arbitrary<JsonValue>)
    : single();
}

/** Numbers that a message of the name would have. */
function plausible(name: string): fc.Arbitrary<number> {
  if (/number/.test(name)) return fc.constantFrom(0, 1);
  if (/market_id|proposal_id/.test(name)) return fc.constant(1);
  if (/exponent/.test(name)) return fc.constant(-6);
  if (/price$/.test(name)) return fc.constantFrom(59_000_000_000, 60_000_000_000, 0);
  if (/quantity|notional/.test(name)) return fc.constantFrom(10_000_000, 20_000_000, 0);
  if (/client_id/.test(name)) return fc.integer({ min: 1, max: 1_000 });
  return fc.constantFrom(0, 0, 1, 10_000);
}

const isWide = ({ scalar }: DescField): boolean => [3, 4, 6, 16, 18].includes(scalar as number);

function messageOf(
  chain: TestChain,
  type: DescMessage,
  key: SigningKey,
  depth = 0,
): fc.Arbitrary<JsonValue | undefined> {
  if (type.typeName === 'google.protobuf.Timestamp') return fc.constant('2026-02-01T00:00:00Z');
  if (type.typeName === 'google.protobuf.Duration') return fc.constant('3600s');
  if (type.typeName === 'google.protobuf.Any' || depth > 4) return fc.constant(undefined);
  const fields = Object.fromEntries(type.fields.map((field) => [field.name, valueOf(chain, field, key, depth)]));
  return fc.record(fields) as fc.Arbitrary<JsonValue>;
}

test('T-B7 no message of any account but governance moves a price or a parameter', async () => {
  const chain = await testChain();
  const { registry } = chain.plimsoll;
  for (let i = 0; i < 4; i++) await chain.block();
  await chain.block(chain.keys.map((key) => chain.sign(key, [deposit(key, usdc(10_000))])));
  const before = await ruled(chain);
  assert.ok(Object.keys(before).length > 14, Object.keys(before).join(', '));
  const types = registry
    .services()
    .filter(({ isMsgService }) => isMsgService)
    .flatMap(({ methods }) => methods.map(({ inputType }) => inputType));
  assert.ok(types.length > 40);
  let governed = 0;
  let accepted = 0;
  let turn = 0;
  for (const typeName of types) {
    const type = registry.message(typeName);
    const signers = registry.signerFields(typeName);
    const isGoverned = signers.includes('authority');
    if (isGoverned) governed++;
    for (let run = 0; run < runsOfEach; run++) {
      const key = chain.keys[turn++ % chain.keys.length]!;
      const [sample] = fc.sample(messageOf(chain, type, key), { numRuns: 1, seed: 1_000 * turn });
      // Fields without a value are left out.
      const json = JSON.parse(JSON.stringify(sample)) as Record<string, JsonValue>;
      for (const signer of signers) {
        const field = type.fields.find(({ name }) => name === signer)!;
        if (field.message !== undefined) continue;
        const byOperator = registry.json.scalarOf(field) === 'cosmos.ValidatorAddressString';
        json[signer] = byOperator ? toBech32(fromBech32(key.address), operatorPrefix) : key.address;
      }
      // The last run of a message of governance names the real authority, without its signature.
      if (isGoverned && run === runsOfEach - 1) json['authority'] = authority;
      const message: TxMessage = { typeName, bytes: registry.fromJson(typeName, json) };
      const tx = chain.sign(key, [message]);
      const check = await chain.engine.broadcastTx(tx);
      const result = check.code === 0 ? (await chain.block()).results.txResults.at(-1)! : check;
      if (check.code !== 0) await chain.block();
      if (result.code === 0) accepted++;
      if (!isGoverned) continue;
      assert.notEqual(result.code, 0, `${typeName} by ${key.address}`);
      if (json['authority'] !== authority)
        assert.match(
          result.log,
          new RegExp(`authority: .*expected ${authority}`),
          `${typeName} looks at something before who asks`,
        );
    }
    assert.deepEqual(await ruled(chain), before, typeName);
  }
  assert.ok(governed >= 12, `${governed} messages of governance`);
  assert.ok(accepted >= 15, `only ${accepted} messages did anything: the test says little`);
  await chain.close();
});
