// Previews an image, video, sound, PDF or text in place. The URL names the shown file, so that it can be shared.

import { element } from './dom.js';
import { kindOf, showSize, showTime } from './facts.js';

/** The maximum of text to load; the rest is in the file itself. */
const MAX_TEXT = 256 * 1024;

const MARK = '#preview=';

export const canPreview = entry => !entry.isFolder && ['image', 'video', 'audio', 'pdf', 'text'].includes(kindOf(entry.name));

/** The link that opens the preview of an entry. */
export const previewOf = entry => MARK + encodeURIComponent(entry.name);

const stage = element('div', { className: 'stage' });
const title = element('h2');
const told = element('p', { className: 'soft' });
const open = element('a', { target: '_blank', rel: 'noopener' }, 'Open');
const save = element('a', {}, 'Download');
const button = (name, text, onclick) => element('button', { type: 'button', title: name, ariaLabel: name, onclick }, text);
const before = button('The one before', '‹', () => step(-1));
const after = button('The next one', '›', () => step(1));
const close = button('Close', '✕', () => dialog.close());
close.autofocus = true;
const dialog = element('dialog', { className: 'preview', ariaLabel: 'Preview' },
  element('header', {}, element('div', { className: 'what' }, title, told), open, save, before, after, close), stage);
let entry = null;
let all = [];
let neighbours = null;
let isOpenedHere = false;

// Removing media from the page stops playing and loading.
dialog.addEventListener('close', () => {
  stage.replaceChildren();
  entry = null;
  if (!location.hash.startsWith(MARK)) return;
  if (isOpenedHere) history.back();
  else history.replaceState(history.state, '', location.pathname + location.search);
  isOpenedHere = false;
});
dialog.addEventListener('click', event => { if (event.target === dialog) dialog.close(); });
dialog.addEventListener('keydown', event => {
  if (event.target.closest('video, audio, pre')) return;
  if (event.key === 'ArrowLeft') step(-1);
  if (event.key === 'ArrowRight') step(1);
});
addEventListener('hashchange', event => {
  isOpenedHere = !new URL(event.oldURL).hash.startsWith(MARK);
  follow();
});

/** Sets the entries for the arrow keys and for the URL. The shown file stays. */
export function setPreviewed(entries) {
  all = entries;
  neighbours = null;
  if (entry) turn();
  else if (location.hash.startsWith(MARK)) follow();
}

/** The previewable entries, computed when a preview opens: the filter cannot change meanwhile. */
function among() {
  neighbours ??= all.filter(canPreview);
  return neighbours;
}

/** Shows the file that the URL names. */
function follow() {
  const name = location.hash.startsWith(MARK) ? decode(location.hash.slice(MARK.length)) : null;
  const chosen = name === null ? undefined : among().find(each => each.name === name);
  if (!chosen) {
    if (dialog.open && name === null) dialog.close();
    return;
  }
  if (!dialog.isConnected) document.body.append(dialog);
  if (!dialog.open) dialog.showModal();
  if (entry?.name !== name) show(chosen);
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

const position = () => among().findIndex(each => each.name === entry.name);

function step(by) {
  const next = among()[position() + by];
  if (!next) return;
  history.replaceState(history.state, '', previewOf(next));
  show(next);
}

function turn() {
  const at = position();
  before.disabled = at <= 0;
  after.disabled = at < 0 || at === among().length - 1;
}

function show(chosen) {
  entry = chosen;
  turn();
  title.textContent = title.title = entry.name;
  told.textContent = `${showSize(entry.size)} · ${showTime(entry.time)} · ${entry.node}`;
  open.href = entry.href;
  save.href = `${entry.href}?download`;
  stage.className = `stage ${kindOf(entry.name)}`;
  stage.replaceChildren(content(entry));
}

function content(file) {
  // The error may arrive after the next file is shown.
  const onerror = () => { if (entry === file) stage.replaceChildren(element('p', { className: 'soft' }, 'This browser cannot show it.')); };
  switch (kindOf(file.name)) {
    case 'image': return element('img', { src: file.href, alt: file.name, onerror });
    case 'video': return element('video', { src: file.href, controls: true, preload: 'metadata', onerror });
    case 'audio': return element('audio', { src: file.href, controls: true, preload: 'metadata', onerror });
    case 'pdf': return element('iframe', { src: file.href, title: file.name });
    default: return text(file);
  }
}

function text(file) {
  const shown = element('pre', { tabIndex: 0 }, 'Loading…');
  load(file).then(read => { shown.textContent = read; }, () => { shown.textContent = 'It could not be read.'; });
  return shown;
}

async function load(file) {
  if (file.size === 0) return 'The file is empty.';
  const answer = await fetch(`${file.href}?format=txt`, { headers: { Range: `bytes=0-${MAX_TEXT - 1}` } });
  const read = await answer.text();
  return answer.ok && file.size > MAX_TEXT ? `${read}\n\n… the first ${showSize(MAX_TEXT)} of ${showSize(file.size)}` : read;
}
