// The search box over the whole tree: what it finds is shown above the list.

import { element, icon, kindOf, showSize } from './dom.js';

const LIMIT = 200;

/** Makes a form that would lead to the plain list of paths show what it finds in place. */
export function searchIn(form) {
  const input = form.querySelector('input');
  let found;
  form.addEventListener('submit', async event => {
    event.preventDefault();
    const panel = element('section', { className: 'found' }, element('p', { className: 'soft' }, 'Searching…'));
    found?.remove();
    found = panel;
    form.after(panel);
    try {
      await fill(panel, input.value);
    } catch {
      panel.replaceChildren(element('p', { className: 'soft' }, 'The search failed: this node cannot be reached.'));
    }
  });
  input.addEventListener('input', () => { if (input.value === '') found?.remove(); });
}

async function fill(panel, name) {
  const query = new URLSearchParams({ name, type: 'any', limit: LIMIT, format: 'json' });
  const answer = await fetch(`/find/?${query}`);
  const text = await answer.text();
  if (!answer.ok) {
    panel.replaceChildren(element('p', { className: 'soft' }, text));
    return;
  }
  const hits = text.split('\n').filter(Boolean).map(line => JSON.parse(line));
  const close = element('button', { type: 'button', title: 'Close', onclick: () => panel.remove() }, '✕');
  const told = hits.length === 0 ? 'Nothing is called so.'
    : hits.length === LIMIT ? `The first ${LIMIT} that were found:`
      : `${hits.length} found:`;
  panel.replaceChildren(element('header', {}, element('span', { className: 'soft' }, told), close), element('ul', {}, ...hits.map(line)));
}

function line(hit) {
  const isFolder = hit.type === 'directory';
  const href = `/fs${hit.path.split('/').map(encodeURIComponent).join('/')}${isFolder ? '/' : ''}`;
  const name = hit.path.slice(hit.path.lastIndexOf('/') + 1);
  const facts = [isFolder ? '' : showSize(hit.size), hit.owner].filter(Boolean).join(' · ');
  return element('li', {}, icon(isFolder ? 'folder' : kindOf(name)),
    element('a', { href }, hit.path), element('span', { className: 'soft' }, facts));
}
