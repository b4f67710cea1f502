// Shows an image, a video, a sound or a text in place.

import { element, kindOf, showSize } from './dom.js';

/** More of a text is not read: who wants it opens the file. */
const MAX_TEXT = 256 * 1024;

export const canPreview = entry => !entry.isFolder && ['image', 'video', 'audio', 'text'].includes(kindOf(entry.name));

const stage = element('div', { className: 'stage' });
const title = element('b');
const open = element('a', { target: '_blank', rel: 'noopener' }, 'Open');
const save = element('a', {}, 'Download');
const before = element('button', { type: 'button', title: 'The one before', onclick: () => step(-1) }, '‹');
const after = element('button', { type: 'button', title: 'The next one', onclick: () => step(1) }, '›');
const close = element('button', { type: 'button', title: 'Close', onclick: () => dialog.close() }, '✕');
const dialog = element('dialog', { className: 'preview' }, element('header', {}, title, open, save, before, after, close), stage);
let entry;
let neighbours = [];

// What is taken out of the page stops playing and loading.
dialog.addEventListener('close', () => { if (!dialog.open) stage.replaceChildren(); });
dialog.addEventListener('click', event => { if (event.target === dialog) dialog.close(); });
dialog.addEventListener('keydown', event => {
  if (event.target.closest('video, audio')) return;
  if (event.key === 'ArrowLeft') step(-1);
  if (event.key === 'ArrowRight') step(1);
});

/** Opens the dialog on an entry; the arrows go through the others. */
export function preview(chosen, among) {
  neighbours = among;
  if (!dialog.isConnected) document.body.append(dialog);
  if (!dialog.open) dialog.showModal();
  show(chosen);
}

function step(by) {
  const next = neighbours[neighbours.indexOf(entry) + by];
  if (next) show(next);
}

function show(chosen) {
  entry = chosen;
  const at = neighbours.indexOf(entry);
  before.disabled = at <= 0;
  after.disabled = at === neighbours.length - 1;
  title.textContent = entry.name;
  title.title = `${entry.name}, ${showSize(entry.size)}`;
  open.href = entry.href;
  save.href = `${entry.href}?download`;
  stage.replaceChildren(content(entry));
}

function content(file) {
  const failed = () => stage.replaceChildren(element('p', { className: 'soft' }, 'This browser cannot show it.'));
  switch (kindOf(file.name)) {
    case 'image': return element('img', { src: file.href, alt: file.name, onerror: failed });
    case 'video': return element('video', { src: file.href, controls: true, autoplay: true, onerror: failed });
    case 'audio': return element('audio', { src: file.href, controls: true, autoplay: true, onerror: failed });
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
  if (!answer.ok) return answer.text();
  const read = await answer.text();
  return file.size > MAX_TEXT ? `${read}\n\n… the first ${showSize(MAX_TEXT)} of ${showSize(file.size)}` : read;
}
