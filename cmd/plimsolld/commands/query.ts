import { Command } from 'commander';
import type { Registry } from '../../../runtime/codec/registry.js';
import { ChainClient } from '../chain-client.js';
import { Failure } from '../failure.js';
import { print } from '../output.js';
import { addFieldFlags, comment, kebab, messageFromFlags } from '../tx/flags.js';
import { clientOf, nodeFlags, type CommonFlags } from './common.js';

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
  plimsolld query tx 0A1B...`,
    );
  for (const service of registry.services()) {
    if (service.isMsgService || !service.fullName.endsWith('.Query')) continue;
    const module = service.fullName.split('.')[1]!;
    const group = new Command(module).description(`Queries of ${service.fullName.replace(/\.Query$/, '')}`);
    for (const { name, inputType, outputType } of service.methods) {
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
  return query;
}
