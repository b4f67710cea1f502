// The directory's README, shown under the list.

import { element } from './dom.js';
import { markdown } from './markdown.js';

const NAMES = ['readme.md', 'readme.markdown', 'readme.txt', 'readme'];

/** A larger README is only available as a file. */
const MAX_BYTES = 512 * 1024;

let seen = '';

/** Shows it, unless this version is shown already. */
export async function showReadme(place, entries) {
  const file = NAMES.map(name => entries.find(entry => !entry.isFolder && entry.name.toLowerCase() === name)).find(Boolean);
  if (!file || file.size === 0 || file.size > MAX_BYTES) {
    place.hidden = true;
    seen = '';
    return;
  }
  const version = `${file.name} ${file.size} ${Math.floor(file.time / 60_000)}`;
  if (version === seen) return;
  try {
    const answer = await fetch(`${file.href}?format=txt`);
    if (!answer.ok) return;
    const text = await answer.text();
    place.replaceChildren(
      element('p', { className: 'soft' }, file.name),
      /\.(md|markdown)$/i.test(file.name) ? markdown(text) : element('div', { className: 'text' }, text));
    place.hidden = false;
    seen = version;
  } catch {
    // The list works without it.
  }
}
