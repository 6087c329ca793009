import { Command } from 'commander';
import { explain, type Explanation } from '../../../client/index.js';
import { QueryWhyRequest, QueryWhyResponse } from '../../../gen/plimsoll/perps/v1/query.js';
import type { Trace } from '../../../gen/plimsoll/perps/v1/trace.js';
import { ChainClient } from '../chain-client.js';
import { Failure } from '../failure.js';
import { print } from '../output.js';
import { clientOf, keyringFlags, keyringOf, nodeFlags, type CommonFlags } from './common.js';

interface WhyFlags extends CommonFlags {
  readonly marketId: string;
  readonly block: string;
  readonly limit: string;
}

const path = '/plimsoll.perps.v1.Query/Why';

/** plimsolld query perps why: what the waterfall did with an account, with every number computed here once more. */
export function whyCommand(): Command {
  const command = new Command('why')
    .description('Why a subaccount was liquidated, deleveraged or cut: each step with its numbers, checked here')
    .argument('[subaccount]', 'address or name of a key, and /number unless it is 0; everybody without it')
    .option('--market-id <id>', 'only what happened in one market; 0 for all', '0')
    .option('--block <height>', 'only one block; 0 for all that the node knows', '0')
    .option('--limit <number>', 'accounts and blocks to show at most, newest first', '10')
    .addHelpText(
      'after',
      `
Each number is computed by formulas of this command from the other numbers of the trace, not by the node. What a trace
cannot show, like the orders that an auction met, is named as assumed.

Examples:
  plimsolld query perps why alice
  plimsolld query perps why plim1.../3 --block 1200
  plimsolld query perps why --market-id 1 --output json`,
    );
  nodeFlags(command);
  keyringFlags(command);
  return command.action(async (subaccount: string | undefined, flags: WhyFlags) => {
    const { node, chain_id: chainId, output } = clientOf(flags);
    const request = QueryWhyRequest.fromPartial({
      ...accountOf(subaccount, flags),
      marketId: integer('--market-id', flags.marketId),
      block: BigInt(integer('--block', flags.block)),
      pagination: { limit: BigInt(integer('--limit', flags.limit)) },
    });
    const client = await ChainClient.connect(node, chainId);
    try {
      const bytes = await client.query(path, QueryWhyRequest.encode(request).finish());
      const { traces, firstBlock } = QueryWhyResponse.decode(bytes);
      const explained = traces.map((trace) => ({ trace, explanation: explain(trace) }));
      if (output === 'json')
        print(
          {
            first_block: `${firstBlock}`,
            traces: explained.map(({ trace, explanation }) => jsonOf(trace, explanation)),
          },
          'json',
        );
      else process.stdout.write(textOf(explained, firstBlock));
      if (explained.some(({ explanation }) => !explanation.holds))
        throw new Failure('a number is not what its formula says: do not believe this node');
    } finally {
      client.close();
    }
  });
}

function accountOf(text: string | undefined, flags: WhyFlags): { readonly owner: string; readonly number: number } {
  if (text === undefined) return { owner: '', number: 0 };
  const [name, number = '0', ...rest] = text.split('/');
  if (name === undefined || name === '' || rest.length > 0)
    throw new Failure(`subaccount: expected a form like alice or plim1.../3, got ${JSON.stringify(text)}`, 2);
  const owner = name.startsWith('plim1') ? name : keyringOf(flags).show(name).address;
  return { owner, number: integer('subaccount', number) };
}

const headOf = ({ subaccount, block, timeMs }: Trace): string =>
  `${subaccount!.owner}/${subaccount!.number} in block ${block}, ${new Date(Number(timeMs)).toISOString()}`;

const jsonOf = (trace: Trace, { steps, holds }: Explanation) => ({
  block: `${trace.block}`,
  time: new Date(Number(trace.timeMs)).toISOString(),
  owner: trace.subaccount!.owner,
  number: trace.subaccount!.number,
  holds,
  steps: steps.map(({ stage, text, checks, assumed }) => ({
    stage,
    text,
    checks: checks.map((check) => ({ ...check })),
    assumed: [...assumed],
  })),
});

/** For people: a sentence for each step, its sums below it. */
export function textOf(
  explained: readonly { readonly trace: Trace; readonly explanation: Explanation }[],
  firstBlock: bigint,
): string {
  if (explained.length === 0)
    return `Nothing happened: no liquidation, deleveraging or haircut since block ${firstBlock}.\n`;
  const lines: string[] = [];
  for (const { trace, explanation } of explained) {
    lines.push(headOf(trace), '');
    for (const { stage, text, checks, assumed } of explanation.steps) {
      lines.push(`${stage}  ${text}`);
      for (const { what, formula, stated, computed, holds } of checks) {
        const value = stated === 'true' ? '' : ` = ${computed}`;
        lines.push(
          `      ${holds ? 'ok ' : 'NO '} ${what}: ${formula}${value}${holds ? '' : `, but the node says ${stated}`}`,
        );
      }
      for (const each of assumed) lines.push(`      assumed: ${each}`);
    }
    lines.push('');
  }
  return `${lines.join('\n')}\n`;
}

function integer(flag: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new Failure(`${flag}: expected a number, got ${JSON.stringify(text)}`, 2);
  return Number(text);
}
