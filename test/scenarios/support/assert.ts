import { describe, test } from 'node:test';
import type { Scenario } from '../scenario.js';

/** Runs each scenario at its small size and asserts its figures. */
export function testScenarios(scenarios: readonly Scenario[]): void {
  for (const each of scenarios) {
    void describe(`${each.id} ${each.title}`, () => {
      void test(each.expectation, async () => each.check(await each.run('test')));
    });
  }
}
