import { Command } from 'commander';
import { addBalance } from '../../../app/genesis.js';
import { paths } from '../config.js';
import { Failure } from '../failure.js';
import { editGenesis } from '../node/edit-genesis.js';
import { homeOption } from './common.js';

/** plimsolld add-genesis-account: coins for an address before there is a chain. */
export function addGenesisAccountCommand(): Command {
  return new Command('add-genesis-account')
    .description('Give an address coins in the genesis of this home')
    .argument('<address>', 'plim1...')
    .argument('<coins>', 'like 1000000uplim, or 1000000uplim,5000000uusdc')
    .addOption(homeOption())
    .addHelpText(
      'after',
      '\nExample:\n  plimsolld add-genesis-account plim1... 2000000000uplim,5000000000uusdc --home demo',
    )
    .action(async (address: string, coins: string, { home }: { home: string }) => {
      await editGenesis(home, (state) => {
        for (const coin of coins.split(',')) {
          const [, amount, denom] = /^([1-9]\d{0,37})([a-zA-Z][a-zA-Z0-9/:._-]{2,127})$/.exec(coin) ?? [];
          if (amount === undefined)
            throw new Failure(`coins: expected something like 1000000uplim, got ${JSON.stringify(coin)}`, 2);
          addBalance(state, address, denom!, BigInt(amount));
        }
        return {};
      });
      process.stderr.write(`${address} has ${coins} in ${paths(home).genesis}\n`);
    });
}
