import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { readUvarint } from '../store/iavl/encoding.js';
import { StoreError, writeFailed } from '../store/errors.js';
import { BlockFault, isMachineFault } from './block-fault.js';
import { FatalError, sdkErrors } from './errors.js';

/** What a piece of code throws. */
function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return assert.fail('it does not throw');
}

const endless = (): number => 1 + endless();

describe('a fault of the machine', () => {
  const stops: readonly (readonly [what: string, error: unknown])[] = [
    ['a stack that was too small', thrownBy(endless)],
    ['an array that memory has no room for', thrownBy(() => new Array(-1))],
    ['a text that is too long', thrownBy(() => 'long'.repeat(2 ** 30))],
    ['a refused disk', writeFailed('version 7', new Error('no space left'))],
    ['a store that is not what was written', new StoreError('corrupt', 'log of version 7 is missing')],
    ['a file that is not there', thrownBy(() => readFileSync('/nowhere/at/all'))],
    ['an error of the database', Object.assign(new Error('IO error'), { code: 'LEVEL_IO_ERROR' })],
    ['what does not decode', thrownBy(() => readUvarint(new Uint8Array([0x80]), 0))],
    ['one behind an error of ours', new FatalError('no price', { cause: new StoreError('corrupt', 'a hole') })],
    ['something that is no error at all', 'aborted'],
  ];
  for (const [what, error] of stops) test(`is ${what}`, () => assert.equal(isMachineFault(error), true));

  const comesEverywhere: readonly (readonly [what: string, error: unknown])[] = [
    ['a division by zero', thrownBy(() => 1n / BigInt(0))],
    ['a field of nothing', thrownBy(() => (undefined as unknown as { readonly price: bigint }).price)],
    ['a text that is no number', thrownBy(() => BigInt('twelve'))],
    ['a state that contradicts itself', new FatalError('market 2 has no state')],
    ['a refusal that nobody expected', sdkErrors.logic('it is closed')],
    ['a plain error', new Error('class 5 is not a solvency class')],
    ['one of these behind another', new FatalError('no price', { cause: new TypeError('not a function') })],
  ];
  for (const [what, error] of comesEverywhere) test(`is not ${what}`, () => assert.equal(isMachineFault(error), false));

  test('is not what a module can do without', () => {
    const fault = { module: 'perps', scope: 2, step: 'end of block: fees' };
    const error = new BlockFault(fault, new Error('out of order'));
    assert.equal(error.message, 'perps: end of block: fees failed');
    assert.equal(isMachineFault(error), false);
  });
});
