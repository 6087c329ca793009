import { Command, Option } from 'commander';
import { AminoJson } from '../../../runtime/codec/amino-json.js';
import type { Registry } from '../../../runtime/codec/registry.js';
import type { JsonValue } from '../../../runtime/codec/types.js';
import { fromBech32, operatorPrefix, toBech32 } from '../../../runtime/crypto/address.js';
import { ChainClient } from '../chain-client.js';
import { Failure } from '../failure.js';
import { print } from '../output.js';
import { addFieldFlags, comment, kebab, messageFromFlags } from '../tx/flags.js';
import { signAmino, signDirect, unsigned, type UnsignedTx } from '../tx/sign.js';
import { clientOf, keyringFlags, keyringOf, nodeFlags, type CommonFlags } from './common.js';

interface TxFlags extends CommonFlags {
  readonly from: string;
  readonly gas: string;
  readonly gasAdjustment: string;
  readonly gasPrices?: string;
  readonly fees?: string;
  readonly memo?: string;
  readonly timeoutHeight?: string;
  readonly timeoutDuration?: string;
  readonly unordered?: boolean;
  readonly signMode: 'direct' | 'amino-json';
  readonly dryRun?: boolean;
  readonly generateOnly?: boolean;
  readonly preview?: boolean;
  readonly wait?: boolean;
}

/** Messages that a preview can run. */
const previewed = 'plimsoll.perps.v1.';

/** plimsolld tx: one command for every message of the chain, made from the protobuf descriptors. */
export function txCommand(registry: Registry): Command {
  const tx = new Command('tx').description('Sign a message and send it').addHelpText(
    'after',
    `
Examples:
  plimsolld tx bank send --from alice --to-address plim1... --amount 5uusdc --wait
  plimsolld tx perps deposit --from alice --amount 1000000000uusdc --wait
  plimsolld tx perps place-order --from alice --market-id 1 --client-id 1 --side buy --type limit \\
    --quantity 10000000 --price 60000000000 --time-in-force gtc --wait`,
  );
  for (const service of registry.services().filter(({ isMsgService }) => isMsgService)) {
    const module = service.fullName.split('.')[1]!;
    const group = new Command(module).description(`Messages of ${service.fullName.replace(/\.Msg$/, '')}`);
    for (const { name, inputType } of service.methods)
      group.addCommand(messageCommand(registry, service.fullName, name, inputType));
    tx.addCommand(group);
  }
  return tx;
}

function messageCommand(registry: Registry, service: string, method: string, typeName: string): Command {
  const type = registry.message(typeName);
  const [signer] = registry.signerFields(typeName);
  const rpc = registry.files.getService(service)!.methods.find(({ name }) => name === method)!;
  const command = new Command(kebab(method)).description(comment(rpc) || comment(type) || `Send ${typeName}`);
  // A signer that is a message of its own (bank multi-send) is given like any other field.
  const signerField = type.fields.find(({ name }) => name === signer)!;
  const fill = signerField.message === undefined;
  addFieldFlags(command, type, fill ? [signer!] : []);
  nodeFlags(command);
  keyringFlags(command);
  command
    .requiredOption('--from <key>', 'key that signs')
    .option('--gas <limit>', 'gas limit, or auto to simulate', 'auto')
    .option('--gas-adjustment <factor>', 'factor on simulated gas', '1.4')
    .option('--gas-prices <prices>', 'price of gas, like 0.025uusdc')
    .option('--fees <coins>', 'fee, like 500uusdc')
    .option('--memo <text>', 'note for people')
    .option('--timeout-height <height>', 'last block that may include it')
    .option('--timeout-duration <seconds>', 'seconds from now after which no block may include it')
    .option('--unordered', 'use no sequence, so that it waits for no other transaction (60 s of time unless given)')
    .addOption(new Option('--sign-mode <mode>', 'what is signed').choices(['direct', 'amino-json']).default('direct'))
    .option('--dry-run', 'only simulate and print the gas')
    .option('--generate-only', 'print the message without signing')
    .option('--wait', 'wait until it is in a block and print its result');
  if (typeName.startsWith(previewed))
    command.option(
      '--preview',
      'ask what it would do to the subaccount: margin, liquidation price, or why not; send nothing',
    );
  return command.action(async (flags: TxFlags) =>
    send(registry, typeName, fill ? signer : undefined, flags, flags as unknown as Record<string, unknown>),
  );
}

async function send(
  registry: Registry,
  typeName: string,
  signerField: string | undefined,
  flags: TxFlags,
  raw: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { node, chain_id: chainId, output } = clientOf(flags);
  if (!/^\d{1,6}(\.\d{1,6})?$/.test(flags.gasAdjustment))
    throw new Failure(`--gas-adjustment: expected a factor like 1.4, got ${JSON.stringify(flags.gasAdjustment)}`, 2);
  const keyring = keyringOf(flags);
  const { address } = keyring.show(flags.from);
  const json = messageFromFlags(
    registry.message(typeName),
    raw,
    signerField === undefined ? {} : { [signerField]: signerText(registry, typeName, signerField, address) },
  );
  let bytes: Uint8Array;
  try {
    bytes = registry.fromJson(typeName, json);
  } catch (error) {
    throw new Failure((error as Error).message, 2);
  }
  if (flags.generateOnly === true) {
    print(Object.assign({ '@type': `/${typeName}` }, registry.toJson(typeName, bytes)), 'json');
    return;
  }
  const client = await ChainClient.connect(node, chainId);
  try {
    if (flags.preview === true) {
      print(await preview(client, registry, typeName, bytes, address, raw), output);
      return;
    }
    const key = await keyring.signingKey(flags.from);
    const account = await client.account(address);
    const sequence = flags.unordered === true ? 0n : account.sequence;
    const draft: UnsignedTx = {
      messages: [{ typeName, bytes }],
      fee: [],
      gasLimit: 0n,
      memo: flags.memo,
      timeoutHeight: flags.timeoutHeight === undefined ? undefined : integer('--timeout-height', flags.timeoutHeight),
      timeoutMs: timeoutOf(flags),
      unordered: flags.unordered,
    };
    const simulated =
      flags.gas === 'auto' || flags.dryRun === true
        ? await client.simulate(unsigned(draft, key.publicKey, sequence))
        : 0n;
    if (flags.dryRun === true) {
      print({ gas_used: simulated.toString() }, output);
      return;
    }
    const gasLimit =
      flags.gas === 'auto'
        ? BigInt(Math.ceil(Number(simulated) * Number(flags.gasAdjustment)))
        : integer('--gas', flags.gas);
    const tx = { ...draft, gasLimit, fee: feeOf(flags, gasLimit) };
    const signer = { chainId: client.chainId, accountNumber: account.accountNumber, sequence };
    const signed =
      flags.signMode === 'direct' ? signDirect(tx, key, signer) : signAmino(tx, key, signer, new AminoJson(registry));
    const hash = await client.broadcast(signed);
    if (flags.wait !== true) {
      print({ hash }, output);
      return;
    }
    const { height, result } = await client.waitFor(hash);
    print(
      {
        hash,
        height: String(height),
        code: result.code,
        codespace: result.codespace ?? '',
        log: result.log ?? '',
        gas_wanted: String(result.gasWanted),
        gas_used: String(result.gasUsed),
      },
      output,
    );
    if (result.code !== 0) throw new Failure(`the transaction failed: ${result.log}`);
  } finally {
    client.close();
  }
}

/** What the chain says that a message would do, as `query perps preview` has it. */
async function preview(
  client: ChainClient,
  registry: Registry,
  typeName: string,
  bytes: Uint8Array,
  owner: string,
  raw: Readonly<Record<string, unknown>>,
): Promise<JsonValue> {
  const number = (raw['subaccountNumber'] ?? raw['fromSubaccountNumber'] ?? '0') as string;
  const message = Object.assign({ '@type': `/${typeName}` }, registry.toJson(typeName, bytes));
  return client.queryJson(
    '/plimsoll.perps.v1.Query/Preview',
    'plimsoll.perps.v1.QueryPreviewRequest',
    'plimsoll.perps.v1.QueryPreviewResponse',
    { owner, number, messages: [message] },
    0,
  );
}

/** The signer as its field wants it: an operator by its own prefix. */
function signerText(registry: Registry, typeName: string, name: string, address: string): string {
  const field = registry.message(typeName).fields.find((each) => each.name === name)!;
  const isOperator = registry.json.scalarOf(field) === 'cosmos.ValidatorAddressString';
  return isOperator ? toBech32(fromBech32(address), operatorPrefix) : address;
}

/** Latest time of the transaction, by this machine's clock. */
function timeoutOf({ timeoutDuration, unordered }: TxFlags): bigint | undefined {
  if (timeoutDuration === undefined && unordered !== true) return undefined;
  return BigInt(Date.now()) + integer('--timeout-duration', timeoutDuration ?? '60') * 1_000n;
}

function integer(flag: string, text: string): bigint {
  if (!/^\d{1,18}$/.test(text)) throw new Failure(`${flag}: expected an integer, got ${JSON.stringify(text)}`, 2);
  return BigInt(text);
}

function feeOf(flags: TxFlags, gas: bigint): { denom: string; amount: string }[] {
  if (flags.fees !== undefined && flags.gasPrices !== undefined)
    throw new Failure('give either --fees or --gas-prices', 2);
  const parts = (text: string, flag: string): { amount: string; denom: string }[] =>
    text.split(',').map((part) => {
      const match = /^(\d+(?:\.\d+)?)([a-zA-Z][a-zA-Z0-9/:._-]{2,127})$/.exec(part.trim());
      if (match === null)
        throw new Failure(`${flag}: expected something like 0.025uusdc, got ${JSON.stringify(part)}`, 2);
      return { amount: match[1]!, denom: match[2]! };
    });
  if (flags.fees !== undefined) return parts(flags.fees, '--fees');
  if (flags.gasPrices === undefined) return [];
  return parts(flags.gasPrices, '--gas-prices').map(({ amount, denom }) => {
    const [whole, fraction = ''] = amount.split('.');
    const unit = 10n ** BigInt(fraction.length);
    return { denom, amount: ((BigInt(whole! + fraction) * gas + unit - 1n) / unit).toString() };
  });
}
