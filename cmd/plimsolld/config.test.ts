import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { historyOf, loadAppConfig, paths, writeConfigs } from './config.js';

function withHome(body: (home: string, app: (text: string) => void) => void): void {
  const home = mkdtempSync(join(tmpdir(), 'plimsoll-config-'));
  mkdirSync(paths(home).config, { recursive: true });
  try {
    body(home, (text) => writeFileSync(paths(home).appToml, text));
  } finally {
    rmSync(home, { recursive: true });
  }
}

test('history and snapshots have the names of Cosmos, in files and in the environment', () => {
  withHome((home, app) => {
    writeConfigs(home, {});
    assert.deepEqual(historyOf(loadAppConfig(home)), { keepRecent: 100, interval: 10 });
    assert.deepEqual(loadAppConfig(home)['state-sync'], { 'snapshot-interval': 0, 'snapshot-keep-recent': 2 });
    app('pruning = "custom"\npruning-keep-recent = 7\npruning-interval = 20\n[state-sync]\nsnapshot-interval = 500\n');
    assert.deepEqual(historyOf(loadAppConfig(home)), { keepRecent: 7, interval: 20 });
    assert.equal(loadAppConfig(home)['state-sync']['snapshot-interval'], 500);
    process.env['PLIMSOLLD_STATE_SYNC_SNAPSHOT_INTERVAL'] = '9';
    process.env['PLIMSOLLD_PRUNING'] = 'nothing';
    try {
      assert.equal(loadAppConfig(home)['state-sync']['snapshot-interval'], 9);
      assert.equal(historyOf(loadAppConfig(home)).keepRecent, Infinity);
    } finally {
      delete process.env['PLIMSOLLD_STATE_SYNC_SNAPSHOT_INTERVAL'];
      delete process.env['PLIMSOLLD_PRUNING'];
    }
  });
});

test('settings that cannot be are refused with their names; an older file keeps what it said', () => {
  withHome((home, app) => {
    const table: readonly (readonly [string, RegExp])[] = [
      ['pruning = "custom"', /app\.toml: pruning-keep-recent is 0: custom pruning keeps at least 2 versions/],
      [
        'pruning = "custom"\npruning-keep-recent = 2',
        /app\.toml: pruning-interval is 0: custom pruning takes at least 10/,
      ],
      ['pruning = "some"', /app\.toml: pruning: /],
      ['min-retain-blocks = -1', /app\.toml: min-retain-blocks: /],
      ['[state-sync]\nsnapshot-interval = -1', /app\.toml: state-sync\.snapshot-interval: /],
    ];
    for (const [text, message] of table) {
      app(text);
      assert.throws(() => loadAppConfig(home), message, text);
    }
    app('keep_versions = 55');
    assert.deepEqual(historyOf(loadAppConfig(home)), { keepRecent: 55, interval: 1 });
  });
});
