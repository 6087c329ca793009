import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';
import { createApp } from '../app/app.js';
import { mounts } from '../app/mounts.js';
import { readInputs, replay, type ReplayFlags, type ReplayReport } from '../cmd/plimsolld/replay/index.js';
import { auditBlock } from '../cmd/plimsolld/replay/audit.js';
import { replayChainId } from '../cmd/plimsolld/replay/genesis.js';
import { silentLogger } from '../runtime/log.js';
import { cacheOver, openStore } from '../runtime/store/index.js';
import { StaticPriceSource } from '../x/oracle/sources/static.js';
import { quote } from '../x/perps/types.js';
import { scratch, writePath, type Stretch } from './replay-paths.js';

const root = resolve(import.meta.dirname, '..');
const directory = scratch();
after(() => rmSync(directory, { recursive: true, force: true }));

const quiet: Stretch = { bars: 30, drift: 0, noise: 800 };
const crash: readonly Stretch[] = [
  quiet,
  { bars: 25, drift: -9_000, noise: 6_000 },
  { bars: 15, drift: 5_000, noise: 5_000 },
  { bars: 10, drift: 0, noise: 1_500 },
];

const flags = (prices: readonly string[], more: Partial<ReplayFlags> = {}): ReplayFlags => ({
  prices,
  accounts: '60',
  seed: 'test',
  blocksPerBar: '4',
  class: 'A',
  ...more,
});

async function run(given: ReplayFlags, home?: string): Promise<ReplayReport> {
  const { report, finished } = await replay({ inputs: readInputs(given), home, logger: silentLogger });
  assert.ok(finished);
  return report;
}

/** What must not depend on how long a run took. */
function lasting(report: ReplayReport): Partial<ReplayReport> {
  const { wallSeconds: _, blocksPerSecond: __, txsPerSecond: ___, ...rest } = report;
  return rest;
}

function assertSolvent(report: ReplayReport): void {
  assert.deepEqual(report.violations, []);
  assert.equal(report.identityViolations, 0);
  assert.equal(report.negativeEquityBlockEnds, 0);
  assert.deepEqual(
    report.breakers.filter(({ trigger }) => trigger === 'INVARIANT'),
    [],
  );
  assert.equal(report.badDebt, '0');
  const { deficit, insurance, haircut, exchange } = report.waterfall;
  assert.equal(
    BigInt(insurance) + BigInt(haircut) + BigInt(exchange),
    BigInt(deficit),
    'every loss is paid to the unit',
  );
  assert.equal(report.waterfall.overshoot, '1', 'nobody is charged more than was missing');
}

describe('a crash', () => {
  let path: string;
  let reference: ReplayReport;
  before(async () => {
    path = writePath(directory, 'crash.csv', 43_538.02, crash);
    reference = await run(flags([`BTC-USD=${path}`]));
  });

  test('INV-L1, ID-1 to ID-4: it liquidates, and every block ends solvent with balanced books', () => {
    assertSolvent(reference);
    assert.equal(reference.blocks, 80 * 4 + 1);
    // Half of it the market only reduces: liquidations stop it, then gainers have to pay.
    assert.ok(reference.txs > 200, `${reference.txs} transactions`);
    const raised = new Set(reference.breakers.filter(({ active }) => active).map(({ trigger }) => trigger));
    assert.deepEqual([...raised].sort(), ['CASCADE', 'FUND', 'HAIRCUT']);
    assert.ok(reference.fills > 100, `${reference.fills} fills`);
    assert.ok(reference.liquidations.accounts >= 10, `${reference.liquidations.accounts} accounts`);
    assert.ok(BigInt(reference.waterfall.book) > 0n);
    const { book, keepers, backstop } = reference.waterfall;
    assert.ok(BigInt(reference.liquidations.notional) >= BigInt(book) + BigInt(keepers) + BigInt(backstop));
  });

  test('three of sixty accounts are keepers, and take over what the book leaves', () => {
    assert.deepEqual(reference.traders, { maker: 6, keeper: 3, trend: 9, reversion: 6, long: 18, short: 18 });
    assert.ok(BigInt(reference.waterfall.keepers) > 0n);
  });

  test('traders hardly ever send what the chain refuses', () => {
    assert.ok(reference.failedTxs * 50 <= reference.txs, `${reference.failedTxs} of ${reference.txs} failed`);
  });

  test('the report tells how much leverage rates allowed, how they went, and which closes hindsight spares', () => {
    const { averageAllowedLeverage, rates } = reference.margin;
    assert.ok(averageAllowedLeverage > 1 && averageAllowedLeverage <= 20, `${averageAllowedLeverage}`);
    const path = rates['BTC-USD']!;
    assert.ok(path.maintenancePpm.min <= path.maintenancePpm.median && path.maintenancePpm.max <= 25_000);
    assert.equal(path.series.length, 80);
    // Fifty minutes from the first bar of the fall to the end: too short to judge anybody.
    const { judged, unnecessary, unnecessarySharePpm } = reference.liquidations;
    assert.deepEqual([judged, unnecessary, unnecessarySharePpm], [0, 0, 0]);
  });

  test('two runs with the same seed end at the same app hash, another seed does not', async () => {
    assert.deepEqual(lasting(await run(flags([`BTC-USD=${path}`]))), lasting(reference));
    const other = await run(flags([`BTC-USD=${path}`], { seed: 'other', blocks: '60' }));
    const same = await run(flags([`BTC-USD=${path}`], { blocks: '60' }));
    assert.notEqual(other.appHash, same.appHash);
  });

  test('a run that is killed twice and started again ends at the same app hash with the same counts', async () => {
    const home = join(directory, 'killed');
    const out = join(directory, 'killed.json');
    const command = [
      'replay',
      '--prices',
      `BTC-USD=${path}`,
      '--accounts',
      '60',
      '--seed',
      'test',
      '--home',
      home,
      '--out',
      out,
    ];
    const journal = join(home, 'journal.ndjson');
    let reached = 0;
    for (const least of [40, 150]) {
      const child = spawn(process.execPath, ['--import', 'tsx', 'cmd/plimsolld/main.ts', ...command], {
        cwd: root,
        stdio: 'ignore',
      });
      const ended = new Promise<NodeJS.Signals | null>((done) => child.once('exit', (_, signal) => done(signal)));
      while (child.exitCode === null && linesOf(journal) < least) await sleep(5);
      child.kill('SIGKILL');
      assert.equal(await ended, 'SIGKILL', 'the run ended before it could be killed');
      assert.ok(linesOf(journal) > reached, 'the second session went on where the first ended');
      reached = linesOf(journal);
      assert.ok(!existsSync(out), 'no report before the end');
    }
    // What a kill in the middle of a write leaves behind.
    appendFileSync(journal, '{"height":');
    const resumed = await run(flags([`BTC-USD=${path}`]), home);
    assert.deepEqual(lasting(resumed), lasting(reference));
  });

  test('the newest line of the journal is made again from the results of its block', async () => {
    const home = join(directory, 'short');
    await run(flags([`BTC-USD=${path}`], { blocks: '200' }), home);
    const journal = join(home, 'journal.ndjson');
    const text = readFileSync(journal, 'utf8');
    truncateSync(journal, text.lastIndexOf('\n', text.length - 2) + 1);
    assert.deepEqual(lasting(await run(flags([`BTC-USD=${path}`]), home)), lasting(reference));

    truncateSync(journal, text.indexOf('\n') + 1);
    await assert.rejects(
      run(flags([`BTC-USD=${path}`]), home),
      /journal\.ndjson: ends at block 1, but blocks up to 321 exist/,
    );
  });

  test('a home belongs to one set of inputs', async () => {
    const home = join(directory, 'one');
    await run(flags([`BTC-USD=${path}`], { blocks: '5' }), home);
    await assert.rejects(
      run(flags([`BTC-USD=${path}`], { seed: 'x' }), home),
      /--home .*: seed is "test" there and "x" here/,
    );
    const other = writePath(directory, 'other.csv', 100, [quiet]);
    await assert.rejects(run(flags([`BTC-USD=${other}`]), home), /--home .*: prices is /);
    await assert.rejects(run(flags([`BTC-USD=${path}`]), directory), /holds something that is not a replay/);
  });

  test('the audit sees each kind of broken book', async () => {
    const home = join(directory, 'audited');
    await run(flags([`BTC-USD=${path}`], { blocks: '100' }), home);
    const store = await openStore({ path: join(home, 'state'), mounts });
    try {
      const { keepers } = createApp({
        store,
        chainId: replayChainId,
        prices: new StaticPriceSource({}),
        logger: silentLogger,
      });
      const { perps, bank } = keepers;
      const tampered = (change: (layer: ReturnType<typeof cacheOver>) => void) => {
        const layer = cacheOver(store.at());
        change(layer);
        return auditBlock(layer, keepers);
      };
      const identities = ({ violations }: { readonly violations: readonly string[] }) => [
        ...new Set(violations.map((each) => each.slice(0, 4))),
      ];
      assert.deepEqual(identities(tampered(() => {})), []);

      const [key, state] = [...perps.subaccounts(store.at())][0]!;
      const richer = tampered((layer) => perps.setSubaccount(layer, key, { ...state, cash: quote(state.cash + 1n) }));
      assert.ok(identities(richer).includes('ID-1'), 'one quantum too much');
      const poor = tampered((layer) => perps.setSubaccount(layer, key, { ...state, cash: quote(-(10n ** 13n)) }));
      assert.equal(poor.negativeAccounts, 1);
      const [[owner, market]] = [...perps.allPositions(store.at())][0]!;
      assert.ok(identities(tampered((layer) => perps.deletePosition(layer, owner, market))).includes('ID-2'));
      const marketState = perps.marketState(store.at(), market);
      const unfunded = tampered((layer) =>
        perps.setMarketState(layer, {
          ...marketState,
          fundingIndex: marketState.fundingIndex - 10n ** 24n,
          clearingBalance: -1n,
        }),
      );
      assert.ok(identities(unfunded).includes('ID-3'));
      const reserve = bank.moduleBalance(store.at(), 'insurance', 'uusdc');
      assert.equal(auditBlock(store.at(), keepers).insurance, reserve);
    } finally {
      await store.close();
    }
  });
});

const linesOf = (path: string): number => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0);

describe('the waterfall', () => {
  test('10.5, INV-A8: a fall by 60 % in one bar goes through insurance, deleveraging and haircut, and all of it is paid', async () => {
    const path = writePath(directory, 'gap.csv', 190.5, [
      { ...quiet, bars: 40 },
      { bars: 1, drift: -600_000, noise: 1 },
      { bars: 20, drift: 0, noise: 3_000 },
    ]);
    for (const name of ['A', 'D']) {
      const report = await run(flags([`ETH-USD=${path}`], { class: name }));
      assertSolvent(report);
      const { insurance, adl, haircut } = report.waterfall;
      assert.ok(BigInt(insurance) > 0n, `class ${name}: insurance`);
      assert.ok(BigInt(adl) > 0n, `class ${name}: deleveraging`);
      assert.ok(BigInt(haircut) > 0n, `class ${name}: haircut`);
      assert.ok(BigInt(report.insurance.min) < BigInt(report.insurance.start));
    }
  });

  test('a rise by 150 % does the same to shorts', async () => {
    const path = writePath(directory, 'rise.csv', 0.487, [
      { ...quiet, bars: 30 },
      { bars: 1, drift: 1_500_000, noise: 1 },
      { bars: 10, drift: 0, noise: 3_000 },
    ]);
    const report = await run(flags([`DOGE-USD=${path}`], { class: 'C' }));
    assertSolvent(report);
    assert.ok(BigInt(report.waterfall.adl) > 0n);
  });

  test('keepers take failing shorts over as well, and longs of a market that falls in steps', async () => {
    for (const drift of [6_000, -6_000]) {
      const path = writePath(directory, `steps${drift}.csv`, 2_500, [quiet, { bars: 30, drift, noise: 3_000 }]);
      const report = await run(flags([`ETH-USD=${path}`], { class: 'B' }));
      assertSolvent(report);
      assert.ok(BigInt(report.waterfall.keepers) > 0n, `a drift of ${drift} ppm a bar`);
    }
  });
});

describe('the shape of the files', () => {
  test('markets of different intervals, a close-only file and a gap share one run', async () => {
    const minutes = writePath(directory, 'minutes.csv', 20_000, [
      { ...quiet, bars: 20 },
      { bars: 15, drift: -4_000, noise: 2_000, silent: true },
      { ...quiet, bars: 15 },
    ]);
    const fives = writePath(directory, 'fives.csv', 1_000, [{ ...quiet, bars: 10 }], { intervalSeconds: 300 });
    const closes = writePath(directory, 'closes.csv', 0.0041, [{ ...quiet, bars: 50 }], { closeOnly: true });
    const report = await run(
      flags([`BTC-USD=${minutes}`, `ETH-USD=${fives}`, `XYZ-USD=${closes}`], { class: 'B', blocksPerBar: '2' }),
    );
    assertSolvent(report);
    assert.equal(report.blocks, 50 * 2 + 1);
    assert.ok(report.fills > 0);
  });

  test('one block for each bar of an hour', async () => {
    const path = writePath(directory, 'hours.csv', 9_130.89, [
      { bars: 60, drift: 0, noise: 4_000 },
      { bars: 10, drift: -40_000, noise: 20_000 },
    ], { intervalSeconds: 3_600 }); // prettier-ignore
    const report = await run(flags([`BTC-USD=${path}`], { blocksPerBar: '1' }));
    assertSolvent(report);
    assert.equal(report.blocks, 71);
    assert.ok(report.liquidations.accounts > 0);
  });

  test('a price that falls to a millionth keeps its market alive', async () => {
    const path = writePath(directory, 'millionth.csv', 68.13, [
      { bars: 15, drift: 0, noise: 2_000 },
      { bars: 55, drift: -220_000, noise: 50_000 },
    ]);
    const report = await run(flags([`LUNA-USD=${path}`], { class: 'D', blocksPerBar: '2' }));
    assertSolvent(report);
    assert.ok(report.liquidations.accounts > 0);
  });
});

describe('bad input', () => {
  const good = () => writePath(directory, 'good.csv', 100, [{ bars: 3, drift: 0, noise: 10 }]);
  const refused = (what: string, given: Partial<ReplayFlags>, message: RegExp, usage: boolean): void => {
    test(what, () => {
      const path = good();
      assert.throws(
        () => readInputs(flags([`BTC-USD=${path}`], given)),
        (error: Error & { exitCode?: number }) => {
          assert.match(error.message, message);
          assert.equal(error.exitCode, usage ? 2 : 1);
          return true;
        },
      );
    });
  };
  refused('an unknown class', { class: 'E' }, /--class: "E"; expected A, B, C or D/, true);
  refused('too few accounts', { accounts: '0' }, /--accounts: "0"; expected an integer from 8/, true);
  refused('accounts that are no number', { accounts: '1e3' }, /--accounts: "1e3"/, true);
  refused('no blocks', { blocksPerBar: '0' }, /--blocks-per-bar: "0"/, true);
  refused('an empty seed', { seed: '' }, /--seed/, true);
  refused('no prices', { prices: [] }, /--prices: missing/, true);
  refused(
    'a symbol in small letters',
    { prices: ['btc-usd=x.csv'] },
    /--prices: "btc-usd=x.csv"; expected SYMBOL=FILE/,
    true,
  );
  refused('a missing file', { prices: ['BTC-USD=/nowhere/x.csv'] }, /\/nowhere\/x\.csv: no such file/, false);

  const broken = (what: string, text: string, message: RegExp): void => {
    const path = join(directory, `broken-${what.replaceAll(' ', '-')}.csv`);
    refused(what, { get prices() { writeFileSync(path, text); return [`BTC-USD=${path}`]; } }, message, false); // prettier-ignore
  };
  const header = 'timestamp_utc_s,open,high,low,close,volume\n';
  broken('an empty file', '', /\.csv:1: the header must name/);
  broken('no bars', header, /there are no bars/);
  broken('a missing field', `${header}60,1,1,1,1,1\n120,1,1,1\n`, /\.csv:3: 4 fields, the header has 6/);
  broken('a price that is text', `${header}60,1,1,1,one,1\n`, /\.csv:2: close: "one" is not a positive price/);
  broken('a price of zero', `${header}60,0,0,0,0,1\n`, /\.csv:2: open: "0" is not a positive price/);
  broken(
    'time running backwards',
    `${header}120,1,1,1,1,1\n60,1,1,1,1,1\n`,
    /\.csv:3: timestamp_utc_s: bars must ascend/,
  );
  broken('a high below the close', `${header}60,1,1,1,2,1\n`, /\.csv:2: high and low do not span/);

  test('the same symbol twice, and files without a common time', () => {
    const path = good();
    assert.throws(() => readInputs(flags([`BTC-USD=${path}`, `BTC-USD=${path}`])), /BTC-USD is named twice/);
    const late = join(directory, 'late.csv');
    writeFileSync(late, `${header}2000000040,1,1,1,1,1\n2000000100,1,1,1,1,1\n`);
    assert.throws(() => readInputs(flags([`BTC-USD=${path}`, `ETH-USD=${late}`])), /have no time in common/);
  });

  test('the command line: status 2 for usage, 1 for bad files and places, and nothing half-written', () => {
    const path = good();
    const run = (...more: string[]) =>
      spawnSync(process.execPath, ['--import', 'tsx', 'cmd/plimsolld/main.ts', 'replay', ...more], {
        cwd: root,
        encoding: 'utf8',
      });
    const usage = run('--prices', `BTC-USD=${path}`, '--class', 'Z');
    assert.deepEqual([usage.status, usage.stderr], [2, 'plimsolld: --class: "Z"; expected A, B, C or D\n']);

    const nowhere = run('--prices', `BTC-USD=${path}`, '--out', join(directory, 'no', 'such', 'place.json'));
    assert.equal(nowhere.status, 1);
    assert.match(nowhere.stderr, /^plimsolld: --out .*: cannot write into /);

    const file = run('--prices', `BTC-USD=${path}`, '--accounts', '8', '--home', path);
    assert.equal(file.status, 1);
    assert.match(file.stderr, /^plimsolld: --home .*EEXIST/);

    const out = join(directory, 'report.json');
    const fine = run('--prices', `BTC-USD=${path}`, '--accounts', '8', '--out', out);
    assert.equal(fine.status, 0, fine.stderr);
    const report = JSON.parse(readFileSync(out, 'utf8')) as Record<string, unknown>;
    for (const key of ['blocks', 'txs', 'fills', 'liquidations', 'waterfall', 'insurance', 'badDebt', 'negativeEquityBlockEnds', 'identityViolations', 'breakers', 'appHash', 'wallSeconds', 'blocksPerSecond', 'txsPerSecond', 'inputs']) assert.ok(key in report, key); // prettier-ignore
    assert.deepEqual(
      readdirSync(directory).filter((name) => name.endsWith('.tmp')),
      [],
    );
  });
});

describe('recorded crises', () => {
  const data = resolve(root, '..', 'shared', 'data');
  const skip = existsSync(data) ? false : `SKIPPED: no recorded crises in ${data}`;

  /** Cuts some bars out of a recorded file, so that the crash comes soon. */
  function slice(name: string, from: number, bars: number): string {
    const lines = readFileSync(join(data, name), 'utf8').split('\n');
    const path = join(directory, name);
    writeFileSync(path, [lines[0], ...lines.slice(from, from + bars)].join('\n'));
    return path;
  }

  test('19 May 2021, the hour of the crash', { skip }, async () => {
    const report = await run(flags([`BTC-USD=${slice('may2021_BTCUSDT_binance_1m.csv', 2_130, 120)}`]));
    assertSolvent(report);
    assert.ok(report.liquidations.accounts > 0);
  });

  test('10 October 2025, the half hour in which one venue lost three quarters of its price', { skip }, async () => {
    const report = await run(
      flags([`AAVE-USD=${slice('oct2025_AAVEUSDPERP_binancecoinm_1m.csv', 1_235, 70)}`], { class: 'C' }),
    );
    assertSolvent(report);
    assert.ok(BigInt(report.waterfall.adl) > 0n);
  });
});
