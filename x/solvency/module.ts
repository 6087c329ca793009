import type { Amount, Root } from '../../gen/plimsoll/solvency/v1/solvency.js';
import { QueryDefinition } from '../../gen/plimsoll/solvency/v1/query.js';
import { parseAddress } from '../../runtime/baseapp/address.js';
import { sdkErrors } from '../../runtime/baseapp/errors.js';
import type { GenesisJson, Module, ServiceRegistrar } from '../../runtime/baseapp/module.js';
import type { Epoch, Epochs } from './epochs.js';

/** Answers what the exchange owes to everybody, and proves it to each. Keeps no state of its own. */
export class SolvencyModule implements Module {
  readonly name = 'solvency';
  readonly stores = [] as const;

  constructor(readonly epochs: Epochs) {}

  register(registrar: ServiceRegistrar): void {
    const { epochs } = this;
    const epochAt = (height: bigint): Epoch => {
      const found = epochs.find(height);
      if (found !== undefined) return found;
      const heights = epochs.all().map((epoch) => epoch.height);
      throw sdkErrors.notFound(
        heights.length === 0
          ? 'this node has not finished an epoch since it started'
          : `epoch: ${height}; this node has the epochs ${heights.join(', ')}`,
      );
    };
    registrar.queries(QueryDefinition, {
      root: (_, { epoch }) => ({ root: rootOf(epochAt(epoch)) }),
      roots: () => ({ roots: epochs.all().map(rootOf) }),
      proof: (_, { owner, number, epoch: wanted }) => {
        const epoch = epochAt(wanted);
        const inclusion = epochs.prove(epoch.height, parseAddress(owner, 'owner'), number);
        if (inclusion === undefined)
          throw sdkErrors.keyNotFound(`subaccount ${owner}/${number} did not exist at height ${epoch.height}`);
        return {
          proof: {
            height: epoch.height,
            owner,
            number,
            amounts: amountsOf(epoch.denoms, inclusion.amounts),
            appHash: epoch.appHash,
            index: BigInt(inclusion.index),
            accounts: BigInt(epoch.accounts),
            path: inclusion.path.map(({ hash, sums }) => ({ hash, sums: sums.map(String) })),
          },
          root: rootOf(epoch),
        };
      },
    });
  }

  defaultGenesis(): GenesisJson {
    return {};
  }

  validateGenesis(json: GenesisJson): void {
    if (json === null || typeof json !== 'object' || Object.keys(json).length > 0)
      throw new Error('solvency: expected an empty object');
  }

  initGenesis(): void {}

  exportGenesis(): GenesisJson {
    return {};
  }
}

const amountsOf = (denoms: readonly string[], sums: readonly bigint[]): Amount[] =>
  denoms.map((denom, index) => ({ denom, amount: sums[index]!.toString() }));

function rootOf({ height, timeMs, appHash, denoms, root, accounts, books, owed, unsettled, positions }: Epoch): Root {
  const { bankBalance, fees, dust } = books;
  // Amounts count unsettled funding already: what remains is nobody's.
  const clearing = books.clearing - unsettled;
  const rounding = bankBalance + owed - root.sums[0]! - fees - dust - clearing;
  return {
    height,
    timeMs,
    appHash,
    hash: root.hash,
    total: amountsOf(denoms, root.sums),
    accounts: BigInt(accounts),
    books: {
      bankBalance: bankBalance.toString(),
      fees: fees.toString(),
      dust: dust.toString(),
      clearing: clearing.toString(),
      owed: owed.toString(),
      rounding: rounding.toString(),
      positions: BigInt(positions),
    },
  };
}
