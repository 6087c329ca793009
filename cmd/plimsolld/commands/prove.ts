import { Command } from 'commander';
import { verifyBooks, verifyInclusion } from '../../../client/solvency/index.js';
import { QueryProofRequest, QueryProofResponse } from '../../../gen/plimsoll/solvency/v1/query.js';
import { ChainClient } from '../chain-client.js';
import { Failure } from '../failure.js';
import { print } from '../output.js';
import { clientOf, keyringFlags, keyringOf, nodeFlags, type CommonFlags } from './common.js';

interface ProveFlags extends CommonFlags {
  readonly number: string;
  readonly epoch: string;
}

/** plimsolld prove: is my balance in what the exchange says it owes, and does it hold that much? */
export function proveCommand(): Command {
  const command = new Command('prove')
    .description("Check that an account's balance is in the total that the exchange owes, and that it holds the total")
    .argument('<account>', 'address, or name of a key')
    .option('--number <n>', 'number of the subaccount', '0')
    .option('--epoch <height>', 'height of an epoch; 0 for the newest', '0')
    .addHelpText(
      'after',
      `
The node answers with a path of hashes and sums from the account to the total of one epoch; this command checks it here,
believing nothing of the node. Compare the root with what other nodes answer (plimsolld query solvency roots).

Example:
  plimsolld prove alice --number 0`,
    );
  nodeFlags(command);
  keyringFlags(command);
  return command.action(async (account: string, flags: ProveFlags) => {
    const { node, chain_id: chainId, output } = clientOf(flags);
    const owner = /^plim1/.test(account) ? account : keyringOf(flags).show(account).address;
    const client = await ChainClient.connect(node, chainId);
    try {
      const request = {
        owner,
        number: integer('--number', flags.number),
        epoch: BigInt(integer('--epoch', flags.epoch)),
      };
      const answer = await client.query(
        '/plimsoll.solvency.v1.Query/Proof',
        QueryProofRequest.encode(request).finish(),
      );
      const { proof, root } = QueryProofResponse.decode(answer);
      if (proof === undefined || root === undefined) throw new Failure('the node answered without a proof');
      for (const verdict of [verifyInclusion(proof, root), verifyBooks(root)])
        if (!verdict.ok) throw new Failure(`the proof does not hold: ${verdict.reason}`);
      print(
        {
          height: root.height.toString(),
          root: Buffer.from(root.hash).toString('hex'),
          balance: proof.amounts.map(({ amount, denom }) => amount + denom).join(' '),
          total: root.total.map(({ amount, denom }) => amount + denom).join(' '),
          accounts: root.accounts.toString(),
          held: `${root.books!.bankBalance}uusdc`,
          verified: true,
        },
        output,
      );
    } finally {
      client.close();
    }
  });
}

function integer(flag: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new Failure(`${flag}: expected a number, got ${JSON.stringify(text)}`, 2);
  return Number(text);
}
