import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import chromium from '@sparticuz/chromium';
import { launch, type Browser, type ElementHandle, type Page } from 'puppeteer-core';
import { accountBytes, HiddenTree, proofJson, rootJson } from '../client/solvency/hidden/index.js';
import { QueryProofRequest } from '../gen/plimsoll/solvency/v1/query.js';
import { fromBech32 } from '../runtime/crypto/address.js';
import { usdc } from './support/amounts.js';
import { testChain } from './support/chain.js';
import { deposit } from './support/messages.js';

/** The browser inside the package runs on Linux on x64; elsewhere name one in PLIMSOLL_BROWSER. */
const named = process.env['PLIMSOLL_BROWSER'];
const hasBrowser = named !== undefined || (process.platform === 'linux' && process.arch === 'x64');

/** What a node of a chain answers to the first of four depositors. */
async function answer(): Promise<{ readonly json: string; readonly owner: string }> {
  const chain = await testChain({ proofs: { interval: 5n, perBlock: 10, keep: 1 } });
  for (let i = 0; i < 3; i++) await chain.block();
  await chain.block(chain.keys.map((key, index) => chain.sign(key, [deposit(key, usdc(1_000 * (index + 1)))])));
  for (let i = 0; i < 4; i++) await chain.block();
  const { app, registry } = chain.plimsoll;
  const owner = chain.keys[0]!.address;
  const path = '/plimsoll.solvency.v1.Query/Proof';
  const bytes = app.router.query(
    app.queryContext(),
    path,
    QueryProofRequest.encode({ owner, number: 0, epoch: 0n }).finish(),
  );
  const json = registry.toJson('plimsoll.solvency.v1.QueryProofResponse', bytes);
  await chain.close();
  return { json: JSON.stringify(json), owner };
}

describe(
  'the verifier, in a real browser',
  { skip: !hasBrowser && 'no browser for this machine: set PLIMSOLL_BROWSER' },
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'plimsoll-verifier-'));
    let browser: Browser;
    let page: Page;
    before(async () => {
      execFileSync(process.execPath, ['tools/verifier.mjs', join(folder, 'verifier.html')]);
      browser = await launch({
        executablePath: named ?? (await chromium.executablePath()),
        args: named === undefined ? chromium.args : [],
        headless: 'shell',
      });
    });
    after(async () => {
      await browser.close();
      rmSync(folder, { recursive: true, force: true });
    });

    /** Opens the page from disk, without network, and verifies; returns the verdict and what was found. */
    async function verify(
      pasted: string,
      files: readonly string[] = [],
    ): Promise<{ verdict: string; findings: string[] }> {
      page = await browser.newPage();
      await page.setOfflineMode(true);
      await page.goto(pathToFileURL(join(folder, 'verifier.html')).href);
      await page.$eval('#pasted', (area, text) => ((area as unknown as { value: string }).value = text), pasted);
      const chooser = (await page.$('#files')) as unknown as ElementHandle<HTMLInputElement>;
      if (files.length > 0) await chooser.uploadFile(...files);
      await page.click('#verify');
      await page.waitForFunction(`/erified/.test(document.getElementById('verdict').textContent)`);
      const verdict = await page.$eval('#verdict', ({ textContent }) => textContent ?? '');
      const findings = await page.$$eval('#findings li', (lines) => lines.map(({ textContent }) => textContent ?? ''));
      await page.close();
      return { verdict, findings };
    }

    test("tells an owner that his balance is in the total of a node's answer", async () => {
      const { json, owner } = await answer();
      const { verdict, findings } = await verify(json);
      assert.equal(verdict, 'Verified');
      assert.equal(findings[0], `${owner}/0 is in the total of block 5 with 1,000.000000 USDC`);
      assert.equal(findings[1], 'The exchange holds what it owes to 4 accounts, 10,000.000000 USDC together');

      const lied = await verify(json.replaceAll('"1000000000"', '"1000000001"'));
      assert.equal(lied.verdict, 'Not verified');
      assert.match(lied.findings[0]!, /no, the path does not lead to the root/);
      const newer = await verify(json.replace('"books":{', '"books":{"loans":"7",'));
      assert.equal(
        newer.verdict,
        'Not verified',
        'books with a term that the page does not know are not waved through',
      );
    });

    test('checks the files of an auditor', async () => {
      const owner = 'plim1qqqsyqcyq5rqwzqfpg9scrgwpugpzysngwsrrw';
      const about = { chain_id: 'plimsoll-test-1', height: 9n, app_hash: new Uint8Array(32) };
      const account = accountBytes(fromBech32(owner), 0);
      const leaves = [
        { account, amounts: [5_000_000n], sizes: [1n] },
        { account: accountBytes(new Uint8Array(20), 0), amounts: [7_500_000n], sizes: [-1n] },
      ];
      const tree = new HiddenTree(new Uint8Array(32), 3, leaves, { denoms: 1, markets: 1 });
      const { node, values, blindings } = tree.root;
      const names = { denoms: ['uusdc'], markets: [1], depth: 3 };
      const root = rootJson({ ...about, ...names, root: node, totals: [values[0]!], blindings: [...blindings] });
      const { path, blindings: own, ...inclusion } = tree.prove(account)!;
      const { amounts, sizes } = leaves[0]!;
      const given = { amounts, sizes, ...inclusion, path: [...path], blindings: [...own] };
      const proof = proofJson({ ...about, owner, number: 0, ...given });
      const files = [join(folder, 'root.json'), join(folder, 'proof.json')];
      writeFileSync(files[0]!, JSON.stringify(root));
      writeFileSync(files[1]!, JSON.stringify(proof));
      const { verdict, findings } = await verify('', files);
      assert.equal(verdict, 'Verified', findings.join('; '));
      assert.match(findings[0]!, /opens to 12\.500000 USDC, longs equal shorts/);
      assert.equal(findings[2], `${owner}/0 is in the total with 5.000000 USDC`);

      writeFileSync(files[0]!, readFileSync(files[0]!, 'utf8').replace('"12500000"', '"12500001"'));
      assert.equal((await verify('', files)).verdict, 'Not verified');
      assert.match((await verify('', [files[1]!])).findings[0]!, /needs the published root\.json/);
      assert.match((await verify('hello')).findings[0]!, /is not JSON/);
    });
  },
);
