/// <reference lib="dom" />
import { check, type Finding } from './check.js';

/** The verifier's page: everything happens in the browser, nothing is sent anywhere. */

const byId = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;

async function documents(): Promise<unknown[]> {
  const files = Array.from(byId<HTMLInputElement>('files').files ?? []);
  const texts = await Promise.all(files.map((file) => file.text()));
  const pasted = byId<HTMLTextAreaElement>('pasted').value.trim();
  if (pasted !== '') texts.push(pasted);
  return texts.map((text, index) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      throw new Error(`${files[index]?.name ?? 'what was pasted'} is not JSON`);
    }
  });
}

function show(findings: readonly Finding[]): void {
  const list = byId('findings');
  list.replaceChildren(
    ...findings.map(({ ok, text }) => {
      const line = document.createElement('li');
      line.className = ok ? 'holds' : 'fails';
      line.textContent = text;
      return line;
    }),
  );
  const verdict = byId('verdict');
  const holds = findings.every(({ ok }) => ok);
  verdict.className = holds ? 'holds' : 'fails';
  verdict.textContent = holds ? 'Verified' : 'Not verified';
}

byId('verify').addEventListener('click', () => {
  byId('verdict').textContent = 'Checking';
  documents()
    .then((all) => show(check(all)))
    .catch((error: unknown) => show([{ ok: false, text: (error as Error).message }]));
});
