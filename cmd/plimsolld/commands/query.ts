import { Command } from 'commander';
import type { Registry } from '../../../runtime/codec/registry.js';
import { sha256 } from '../../../runtime/crypto/hash.js';
import { ChainClient } from '../chain-client.js';
import { Failure } from '../failure.js';
import { print } from '../output.js';
import { addFieldFlags, comment, kebab, messageFromFlags } from '../tx/flags.js';
import { clientOf, nodeFlags, type CommonFlags } from './common.js';
import { whyCommand } from './why.js';

/** plimsolld query: one command for every query of the chain, made from the protobuf descriptors. */
export function queryCommand(registry: Registry): Command {
  const query = new Command('query')
    .alias('q')
    .description('Read the state of the chain')
    .addHelpText(
      'after',
      `
Examples:
  plimsolld query perps markets
  plimsolld query perps subaccount --owner plim1... --number 0 --output json
  plimsolld query bank balance --address plim1... --denom uusdc --height 100
  plimsolld query tx 0A1B...
  plimsolld query block 100`,
    );
  /** Queries whose answers are worth more than their fields. */
  const own = new Map([['plimsoll.perps.v1.Query/Why', whyCommand]]);
  for (const service of registry.services()) {
    if (service.isMsgService || !service.fullName.endsWith('.Query')) continue;
    const module = service.fullName.split('.')[1]!;
    const group = new Command(module).description(`Queries of ${service.fullName.replace(/\.Query$/, '')}`);
    for (const { name, inputType, outputType } of service.methods) {
      const special = own.get(`${service.fullName}/${name}`);
      if (special !== undefined) {
        group.addCommand(special());
        continue;
      }
      const rpc = registry.files.getService(service.fullName)!.methods.find((method) => method.name === name)!;
      const command = new Command(kebab(name)).description(comment(rpc) || `Query ${service.fullName}/${name}`);
      addFieldFlags(command, registry.message(inputType), []);
      nodeFlags(command).option('--height <height>', 'state after this block instead of the newest');
      command.action(async (flags: CommonFlags & { height?: string }) => {
        const { node, chain_id: chainId, output } = clientOf(flags);
        const request = messageFromFlags(registry.message(inputType), flags as unknown as Record<string, unknown>, {});
        if (flags.height !== undefined && !/^\d{1,15}$/.test(flags.height))
          throw new Failure(`--height: expected a block height, got ${JSON.stringify(flags.height)}`, 2);
        try {
          registry.fromJson(inputType, request);
        } catch (error) {
          throw new Failure((error as Error).message, 2);
        }
        const client = await ChainClient.connect(node, chainId);
        try {
          print(
            await client.queryJson(
              `/${service.fullName}/${name}`,
              inputType,
              outputType,
              request,
              Number(flags.height ?? 0),
            ),
            output,
          );
        } finally {
          client.close();
        }
      });
      group.addCommand(command);
    }
    query.addCommand(group);
  }
  query.addCommand(
    nodeFlags(new Command('tx').description('A transaction by its hash').argument('<hash>')).action(
      async (hash: string, flags: CommonFlags) => {
        if (!/^[0-9a-fA-F]{64}$/.test(hash)) throw new Failure('hash: expected 64 hexadecimal digits', 2);
        const { node, chain_id: chainId, output } = clientOf(flags);
        const client = await ChainClient.connect(node, chainId);
        try {
          const { txs } = await client.comet.txSearch({ query: `tx.hash='${hash.toUpperCase()}'` });
          if (txs[0] === undefined) throw new Failure(`no block has transaction ${hash}`);
          const { height, index, result, tx } = txs[0];
          print(
            {
              hash: hash.toUpperCase(),
              height: String(height),
              index,
              code: result.code,
              codespace: result.codespace ?? '',
              log: result.log ?? '',
              gas_wanted: String(result.gasWanted),
              gas_used: String(result.gasUsed),
              tx: registry.toJson('cosmos.tx.v1beta1.Tx', tx),
              events: result.events.map(({ type, attributes }) => ({
                type,
                attributes: Object.fromEntries(attributes.map(({ key, value }) => [key, value])),
              })),
            },
            output,
          );
        } finally {
          client.close();
        }
      },
    ),
  );
  query.addCommand(
    nodeFlags(
      new Command('block').description('A block: the newest one, or by its height').argument('[height]'),
    ).action(async (height: string | undefined, flags: CommonFlags) => {
      if (height !== undefined && !/^[1-9]\d{0,14}$/.test(height))
        throw new Failure(`height: expected a block height, got ${JSON.stringify(height)}`, 2);
      const { node, chain_id: chainId, output } = clientOf(flags);
      const client = await ChainClient.connect(node, chainId);
      try {
        const { blockId, block } = await client.comet.block(height === undefined ? undefined : Number(height));
        const { header } = block;
        print(
          {
            hash: hex(blockId.hash),
            height: String(header.height),
            chain_id: header.chainId,
            time: header.time.toISOString(),
            proposer: hex(header.proposerAddress),
            // Hash of the state before this block.
            app_hash: hex(header.appHash),
            last_block_hash: hex(header.lastBlockId?.hash ?? new Uint8Array(0)),
            // The first one of a block may be the price votes, which is no TxRaw.
            txs: block.txs.map((tx) => hex(sha256(tx))),
          },
          output,
        );
      } catch (error) {
        if (error instanceof Failure) throw error;
        throw new Failure(reasonOf(error as Error));
      } finally {
        client.close();
      }
    }),
  );
  return query;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase();

/** The node's own words in an error of its JSON-RPC. */
function reasonOf({ message }: Error): string {
  try {
    return (JSON.parse(message) as { data?: string }).data ?? message;
  } catch {
    return message;
  }
}
