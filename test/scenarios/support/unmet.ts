import assert from 'node:assert/strict';
import type { Scenario } from '../scenario.js';

/**
 * A scenario whose expectation does not hold yet, and why. Its figures say
 * so, and its test fails as soon as the expectation does hold, so that
 * nobody forgets to say that.
 */
export function unmet(each: Scenario, why: string): Scenario {
  return {
    ...each,
    run: async (size) => ({ ...(await each.run(size)), 'does not hold': why }),
    check(figures) {
      assert.throws(
        () => each.check(figures),
        assert.AssertionError,
        `${each.id} holds now: name it no longer as unmet`,
      );
    },
  };
}
