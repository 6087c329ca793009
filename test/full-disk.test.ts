import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { live } from '../runtime/store/testing/kill.js';
import { withDirectory } from '../runtime/store/testing/histories.js';

const program = fileURLToPath(new URL('./support/crash-node.ts', import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Runs a bash script whose $@ is NODE PROGRAM DIRECTORY HEIGHT. */
function bash(script: string, directory: string, height: string): Promise<Ended> {
  const node = [process.execPath, '--import', 'tsx', program, directory, height];
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', script, 'bash', ...node], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let errors = '';
    child.stdout.on('data', (data) => (output += String(data)));
    child.stderr.on('data', (data) => (errors += String(data)));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output, errors }));
  });
}

const stopsFor = (cause: string): RegExp =>
  new RegExp(`(was|were) not written: .*${cause}.*make room on the disk and start the node again`);
const target = '60';

test('a node whose files may not grow stops and says so, and goes on with the same hashes when they may', async () => {
  await withDirectory(async (directory) => {
    const [whole, small] = [join(directory, 'whole'), join(directory, 'small')];
    const reference = (await live(program, [whole, target])).lines;
    // 64 KiB for each file: a log reaches it long before the target.
    const full = await bash('ulimit -f 64 && exec "$@"', small, target);
    assert.notEqual(full.code, 0);
    assert.match(full.errors, stopsFor('File too large'));
    const reached = full.output.trim().split('\n');
    assert.deepEqual(reached, reference.slice(0, reached.length));
    const { lines } = await live(program, [small, target]);
    assert.deepEqual(lines, reference.slice(-lines.length));
  });
});

test('a node whose disk is full stops and says so, and goes on with the same hashes when there is room', async (t) => {
  await withDirectory(async (directory) => {
    const mount = join(directory, 'disk');
    mkdirSync(mount);
    // A disk of 3 MB in a namespace of its own, which needs no privileges where the system permits it at all.
    const inside = (script: string): string =>
      `exec unshare --user --map-root-user --mount bash -c 'mount -t tmpfs -o size=3m tmpfs ${mount} || exit 99; ${script}' bash "$@"`;
    const probe = await bash(inside('exit 98'), '', '');
    if (probe.code !== 98) {
      t.skip(`FULL DISK NOT TESTED: this system mounts no tmpfs for us: ${probe.errors.trim()}`);
      return;
    }
    const reference = (await live(program, [join(directory, 'whole'), target])).lines;
    const ballast = `${mount}/ballast`;
    const script = `"\${@:1:5}" 10 && cat /dev/zero > ${ballast} 2> /dev/null; truncate -s -65536 ${ballast}
      "$@"; echo "full ended with $?"; echo FULL >&2
      "$@"; echo "still full ended with $?"
      rm ${ballast}; "$@"`;
    const { code, output, errors } = await bash(inside(script), `${mount}/node`, target);
    assert.equal(code, 0, errors);
    assert.match(errors, stopsFor('No space left on device'));
    assert.match(output, /^full ended with 1$/m);
    assert.match(output, /^still full ended with 1$/m);
    const lines = output
      .trim()
      .split('\n')
      .filter((line) => !line.includes('full ended'));
    assert.deepEqual(lines.slice(-3), reference.slice(-3));
    for (const line of lines.filter((each) => /^\d/.test(each))) assert.ok(reference.includes(line), line);
  });
});
