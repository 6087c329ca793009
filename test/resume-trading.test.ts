import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { authority } from '../app/app.js';
import { ProposalStatus } from '../gen/cosmos/gov/v1/gov.js';
import { MsgResumeTrading, Trigger } from '../gen/plimsoll/perps/v1/breakers.js';
import type { SigningKey } from '../cmd/plimsolld/keyring/keyring.js';
import { AppError } from '../runtime/baseapp/errors.js';
import { resumeTrading } from '../x/perps/breakers/msgs.js';
import { breakerStore } from '../x/perps/breakers/store.js';
import type { LedgerView } from '../x/perps/codecs.js';
import { quote } from '../x/perps/types.js';
import { testChain } from './support/chain.js';
import { decide, decisionSeconds, governed } from './support/governance.js';

const reason = 'ID-1: 1 is missing';
/** A ledger as it was when an identity broke, and what governance found of it. */
const broken = (ledger: LedgerView): LedgerView => ({ ...ledger, haltedReason: reason, dust: quote(ledger.dust + 1n) });
const repaired = (ledger: LedgerView): LedgerView => ({ ...ledger, haltedReason: reason });
const running = (ledger: LedgerView): LedgerView => ledger;

describe('MsgResumeTrading', () => {
  const table: readonly (readonly [
    what: string,
    ledger: (before: LedgerView) => LedgerView,
    by: 'governance' | 'a validator',
    refusal: string | undefined,
  ])[] = [
    ['of anybody else is refused, the books in order or not', repaired, 'a validator', 'perps/23 authority: '],
    ['while trading runs has nothing to resume', running, 'governance', 'perps/163 no identity is broken'],
    ['while the books do not add up is refused, and says which identity', broken, 'governance', 'perps/164 ID-1'],
    ['after they add up again resumes', repaired, 'governance', undefined],
  ];
  for (const [what, ledgerOf, by, refusal] of table)
    test(`${what}`, async () => {
      const chain = await testChain({ breakers: true, shadow: false });
      for (let i = 0; i < 3; i++) await chain.block();
      const ctx = chain.plimsoll.app.queryContext();
      const { perpsDeps } = chain.plimsoll;
      const ledger = ledgerOf(perpsDeps.keeper.ledger(ctx));
      perpsDeps.keeper.setLedger(ctx, ledger);
      const records = [...breakerStore.history(ctx)].length;
      const msg = { marketId: 0, authority: by === 'governance' ? authority : chain.keys[0]!.address };
      if (refusal !== undefined) {
        assert.throws(
          () => resumeTrading(ctx, perpsDeps, msg),
          (error: unknown) =>
            error instanceof AppError && `${error.codespace}/${error.code} ${error.message}`.startsWith(refusal),
        );
        assert.deepEqual(perpsDeps.keeper.ledger(ctx), ledger, 'what is refused changes nothing');
        assert.equal([...breakerStore.history(ctx)].length, records);
      } else {
        resumeTrading(ctx, perpsDeps, msg);
        assert.deepEqual(perpsDeps.keeper.ledger(ctx), { ...ledger, haltedReason: '' });
        const last = [...breakerStore.history(ctx)].at(-1)!;
        assert.deepEqual(
          [last.event?.marketId, last.event?.trigger, last.event?.active],
          [0, Trigger.TRIGGER_INVARIANT, false],
          'kept in the history of the whole exchange',
        );
        assert.throws(() => resumeTrading(ctx, perpsDeps, msg), /no identity is broken/, 'once');
      }
      await chain.close();
    });

  test('as a decision about a chain that runs fails when it acts, and nothing stops', async () => {
    const chain = await testChain({ breakers: true, change: governed });
    const [alice, bob] = chain.keys as [SigningKey, SigningKey];
    for (let i = 0; i < 3; i++) await chain.block();
    const bytes = MsgResumeTrading.encode({ authority, marketId: 0 }).finish();
    await decide(chain, 1n, { typeName: 'plimsoll.perps.v1.MsgResumeTrading', bytes }, [alice, bob]);
    for (let i = 0; i < decisionSeconds; i++) await chain.block();
    const ctx = chain.plimsoll.app.queryContext();
    const { status, failedReason } = chain.plimsoll.keepers.gov.proposal(ctx, 1n)!;
    assert.equal(status, ProposalStatus.PROPOSAL_STATUS_FAILED);
    assert.match(failedReason, /^perps\/163 /);
    assert.equal(chain.plimsoll.keepers.perps.ledger(ctx).haltedReason, '');
    await chain.close();
  });
});
