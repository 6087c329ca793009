/** A test that shows what an entry of the gallery asks for. */
export interface Evidence {
  readonly file: string;
  /** Part of its name, as the file has it. */
  readonly test: string;
}

/** An entry of the gallery that is no scenario of its own. */
export interface Entry {
  readonly id: string;
  readonly title: string;
  /** Tests that cover it; none for what is open or cannot happen here. */
  readonly by: readonly Evidence[];
  /** Why there is nothing to run, or what of it no test covers. */
  readonly open?: string;
}

const by = (...pairs: readonly (readonly [file: string, test: string])[]): readonly Evidence[] =>
  pairs.map(([file, test]) => ({ file, test }));

/** What the gallery names besides the scenarios: each covered by a test, or open with the reason. */
export const covered: readonly Entry[] = [
  {
    id: 'T-A3-fault',
    title: "one market's own work fails at the end of a block",
    by: by(
      ['test/market-fault.test.ts', 'in the same block the market is frozen without a trace of what failed'],
      ['test/market-fault.test.ts', 'INV-X1 while it is frozen cash comes in and cancels go through'],
      ['test/market-fault.test.ts', 'trading halts, blocks go on, cash comes in and cancels go through'],
    ),
  },
  {
    id: 'T-A3-quorum',
    title: 'eight hours of standstill, then prices of 60 % of the power',
    by: by(['test/restart-quorum.test.ts', 'nobody is liquidated while 60 % of the power report a price']),
  },
  {
    id: 'T-B3',
    title: 'a stable coin reads 1.30 on one venue',
    by: by(
      ['test/collateral-chain.test.ts', 'one venue at 0.65 or 1.30 while four are near par moves no price'],
      ['test/collateral-chain.test.ts', 'an index above par is worth no more than par, and moves nothing'],
      ['x/perps/collateral/collateral.test.ts', 'T-B3 the price that counts'],
    ),
  },
  {
    id: 'T-B6b',
    title: 'aggregates recounted from scratch in every block; share prices move by realised flows alone',
    by: by(
      ['test/perps-chain.test.ts', 'ID-1 to ID-4 hold after every block and nobody is in debt'],
      ['x/insurance/rules.test.ts', 'INV-I2 neither deposits nor exits lower the price for those who stay'],
      ['test/backstop-invariants.test.ts', 'INV-B1 no vault ends a block in debt'],
    ),
  },
  {
    id: 'T-B7',
    title: 'who may write prices and parameters',
    by: by(
      ['test/authority-fuzz.test.ts', 'T-B7 no message of any account but governance moves a price or a parameter'],
      ['test/governance.test.ts', 'changes nothing until the vote is over and the timelock has passed, then all of it'],
    ),
  },
  {
    id: 'T-C2',
    title: 'a halt by an upgrade or a storage library',
    by: by(
      [
        'test/crash.test.ts',
        'a node killed before, in or after any write of a block goes on to the hashes of one never killed',
      ],
      ['runtime/store/pruning.test.ts', 'each strategy keeps the versions that it names, also after a restart'],
      [
        'test/rehearsal.test.ts',
        'T-C2 an exported state goes on to the same hashes on four nodes, whatever each prunes and wherever in a block it dies',
      ],
      ['test/export.test.ts', 'an exported chain ${what}, with every position, order and coin'],
      ['test/network/kills.test.ts', 'at ${kills} random moments'],
    ),
    open: 'there is no second version to rehearse an upgrade to',
  },
  {
    id: 'T-C3',
    title: 'a market that is stopped and settled at one price',
    by: by([
      'test/breakers-chain.test.ts',
      'closes everything at the average of 30 minutes before the market was stopped, both sides alike',
    ]),
  },
  {
    id: 'T-D1',
    title: 'a vote twice in the injected commit',
    by: by(
      ['runtime/baseapp/vote-extensions.test.ts', 'T-D1 with a vote twice'],
      [
        'runtime/baseapp/vote-extensions.test.ts',
        'T-D1 of a last commit that itself names a validator twice is refused',
      ],
      ['test/network/malicious.test.ts', 'is rejected by the others in each of its ways, and the chain goes on'],
    ),
  },
  {
    id: 'T-D2',
    title: 'altered power in the injected commit',
    by: by(
      ['runtime/baseapp/vote-extensions.test.ts', 'T-D2 with raised power'],
      ['runtime/baseapp/vote-extensions.test.ts', 'T-D2 with less power for the ones left out'],
    ),
  },
  {
    id: 'T-D3',
    title: 'stake moves between the vote and the block',
    by: by(
      [
        'test/staking-network.test.ts',
        'four validators by stake agree on every block while powers change under them, and votes verify',
      ],
      ['test/network/staking.test.ts', 'change powers as the embedded engine would'],
    ),
  },
  {
    id: 'T-D4',
    title: 'an invalid extension after two thirds have voted',
    by: by(
      ['test/app-chain.test.ts', 'T-D4 go on when a late vote carries what nobody verified'],
      ['runtime/baseapp/vote-extensions.test.ts', 'T-D4 prunes a late vote'],
    ),
  },
  {
    id: 'T-D5',
    title: 'the height from which votes carry prices is changed',
    by: by(
      ['runtime/baseapp/consensus-params.test.ts', 'turn vote extensions off'],
      ['runtime/baseapp/consensus-params.test.ts', 'postpone vote extensions'],
    ),
  },
  {
    id: 'T-D6',
    title: 'a node a thousand blocks behind, with a peer that lies',
    by: by(
      [
        'test/network/outages.test.ts',
        'T-D6 one dead: the others go on; it catches up to the same blocks although a peer sends false ones or none',
      ],
      [
        'runtime/baseapp/snapshots.test.ts',
        'a chunk that is not the promised one is asked for again, elsewhere, and hurts nothing',
      ],
      ['runtime/baseapp/snapshots.test.ts', 'a snapshot whose chunks are as promised but not the state is given up'],
    ),
  },
  {
    id: 'T-D7',
    title: 'a message that fails leaves neither state nor events',
    by: by(
      ['test/transactions.test.ts', 'a failed message keeps fee and sequence, and nothing else'],
      ['x/insurance/module.test.ts', 'that fails in a branch leaves no trace, also not of the event'],
    ),
  },
  {
    id: 'T-D8',
    title: 'the same blocks on four nodes',
    by: by(
      ['test/network/agreement.test.ts', 'agree on every block and state over ${blocksUnderLoad} blocks of trades'],
      ['test/scenarios/machines.ts', 'T-D8-ENGINES'],
      ['test/house-rules.test.ts', 'consensus code may not'],
    ),
    open: 'no test runs on a second processor architecture: engines, languages, heaps and threads differ, the processor does not',
  },
  {
    id: 'ASA-2024-011',
    title: 'nonsense in a vote or an extended commit',
    by: by(
      ['runtime/baseapp/vote-extensions.test.ts', 'that are arbitrary bytes is refused, and never by a crash'],
      ['test/network/abci-fuzz.test.ts', 'malformed frames, transactions, queries and proposals'],
    ),
  },
  {
    id: 'ASA-2024-009, ASA-2025-001 to 003',
    title: 'light client, block sync and bit arrays of CometBFT',
    by: by(['tools/cometbft/pin.json', '"version"']),
    open: 'nothing of ours to test: the pinned version has the fixes',
  },
  {
    id: 'Barberry',
    title: 'negative amounts, and coins for module accounts',
    by: by(
      ['test/transactions.test.ts', 'coins cannot be sent to module accounts'],
      ['test/perps-chain.test.ts', 'negative amount'],
    ),
    open: 'there are no vesting accounts here',
  },
  {
    id: 'Dragonberry',
    title: 'forged proofs of the store',
    by: by([
      'runtime/store/multistore.test.ts',
      'ICS-23 membership and absence proofs of every retained version verify with an independent verifier',
    ]),
  },
  { id: 'ASA-2024-007', title: 're-entrancy of IBC timeouts', by: [], open: 'there is no IBC here' },
  {
    id: 'INV-C1',
    title: 'a deficit of class D moves nobody without a position in it',
    by: by(
      ['x/insurance/module.test.ts', 'INV-C1 of class D moves no tranche but its own'],
      ['test/scenarios/funds.ts', 'T-CONTAGION'],
    ),
  },
  {
    id: 'INV-C2',
    title: 'class C takes a quarter of its class in 24 hours',
    by: by(
      [
        'x/insurance/module.test.ts',
        'INV-C2 of class C takes a quarter of its class in 24 hours, and nothing of the others',
      ],
      ['test/scenarios/funds.ts', 'T-CONTAGION-C'],
    ),
  },
];
