import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

const program = fileURLToPath(new URL('./testing/child.ts', import.meta.url));
const target = 100;

interface Outcome {
  readonly code: number | null;
  readonly output: string;
}

/** Runs the producer; kills it so many milliseconds after it opened. */
function run(directory: string, killAfterMs?: number): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--import', 'tsx', program, directory, String(target)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (data) => {
      if (output === '' && killAfterMs !== undefined) setTimeout(() => child.kill('SIGKILL'), killAfterMs);
      output += String(data);
    });
    child.on('exit', (code) => resolve({ code, output }));
  });
}

test('a node killed at any moment goes on from its blocks to the same hashes as one never killed', async () => {
  const broken = mkdtempSync(`${tmpdir()}/engine-`);
  const whole = mkdtempSync(`${tmpdir()}/engine-`);
  try {
    let kills = 0;
    for (const delay of [9, 30]) {
      const { code, output } = await run(broken, delay);
      if (code === null) kills++;
      else assert.equal(code, 0, output);
    }
    const last = async (directory: string): Promise<string> => {
      const { code, output } = await run(directory);
      assert.equal(code, 0, output);
      return output.trim().split('\n').at(-1)!;
    };
    assert.ok(kills > 0, 'no run was interrupted: the test proves nothing');
    const [resumed, unbroken] = await Promise.all([last(broken), last(whole)]);
    assert.equal(resumed, unbroken);
  } finally {
    for (const directory of [broken, whole]) rmSync(directory, { recursive: true });
  }
});
