// Makes a table of a listing in nginx' form: sorted by click, filtered while typing, with previews and the folder's README.

import { element, icon, kindOf, showSize, showTime } from './dom.js';
import { markdown } from './markdown.js';
import { canPreview, preview } from './preview.js';
import { searchIn } from './search.js';

/** Rows that are made at once; more come as the reader gets there. */
const BATCH = 300;

const MAX_README = 512 * 1024;

const pre = document.querySelector('pre');
const entries = read(pre);
const collator = new Intl.Collator(undefined, { numeric: true });
const orders = {
  name: (a, b) => collator.compare(a.name, b.name),
  size: (a, b) => (a.size ?? -1) - (b.size ?? -1),
  time: (a, b) => a.time - b.time,
  node: (a, b) => collator.compare(a.node, b.node),
};

const asked = new URLSearchParams(location.search);
const state = { sort: asked.get('sort') in orders ? asked.get('sort') : 'name', down: asked.get('order') === 'desc', filter: '' };
let shown = entries;
let made = 0;

const body = element('tbody');
const count = element('span', { className: 'soft', role: 'status' });
const filter = element('input', { type: 'search', placeholder: 'Filter this folder', 'aria-label': 'Filter this folder', autocomplete: 'off' });
const heads = Object.fromEntries([['name', 'Name'], ['size', 'Size'], ['time', 'Modified'], ['node', 'Node']].map(([key, text]) => {
  const button = element('button', { type: 'button', onclick: () => sortBy(key) }, text);
  return [key, element('th', { className: key, scope: 'col' }, button)];
}));
const end = element('div');

show();

/** The lines of the list: a link, then time, size, owner and how many others have it. */
function read(list) {
  const found = [];
  for (const link of list.querySelectorAll('a')) {
    const href = link.getAttribute('href');
    if (href === '../') continue;
    const facts = /^\s+(\d+-\w+-\d+ \d+:\d+)\s+(-|\d+)\s+(\S+)(?: \+(\d+))?/.exec(link.nextSibling?.data ?? '');
    if (!facts) continue;
    const isFolder = href.endsWith('/');
    found.push({
      href,
      isFolder,
      name: decodeURIComponent(isFolder ? href.slice(0, -1) : href),
      time: Date.parse(`${facts[1].replaceAll('-', ' ')} UTC`),
      size: facts[2] === '-' ? null : Number(facts[2]),
      node: facts[3],
      others: Number(facts[4] ?? 0),
    });
  }
  return found;
}

function show() {
  document.querySelector('form.sort').hidden = true;
  document.querySelector('h1').replaceWith(heading());
  document.querySelectorAll('hr').forEach(line => line.remove());
  pre.replaceWith(
    element('div', { className: 'bar' }, filter, count, ...downloads()),
    element('table', { className: 'list' },
      element('colgroup', {}, ...['name', 'size', 'time', 'node'].map(name => element('col', { className: name }))),
      element('thead', {}, element('tr', {}, ...Object.values(heads))),
      body),
    end);
  filter.addEventListener('input', () => { state.filter = filter.value; update(); });
  document.addEventListener('keydown', event => {
    if (event.key !== '/' || event.target.closest('input, dialog')) return;
    event.preventDefault();
    filter.focus();
  });
  new IntersectionObserver(seen => { if (seen.some(one => one.isIntersecting)) makeMore(); }, { rootMargin: '800px' }).observe(end);
  searchIn(document.querySelector('form.search'));
  update();
  showReadme();
}

function heading() {
  const title = element('h1', { className: 'crumbs' }, element('a', { href: '/' , title: 'This node and its cluster' }, 'dftp'));
  let path = '/fs/';
  title.append(element('i', {}, '/'), element('a', { href: path }, 'files'));
  for (const part of location.pathname.split('/').slice(2).filter(Boolean)) {
    path += `${part}/`;
    title.append(element('i', {}, '/'), element('a', { href: path }, decodeURIComponent(part)));
  }
  return title;
}

function downloads() {
  if (entries.length === 0) return [];
  return [element('span', { className: 'soft' }, 'Download all: ',
    element('a', { href: '?archive=zip', rel: 'nofollow' }, 'zip'), ' · ', element('a', { href: '?archive=tar.gz', rel: 'nofollow' }, 'tar.gz'))];
}

function sortBy(key) {
  state.down = state.sort === key ? !state.down : key === 'size' || key === 'time';
  state.sort = key;
  update();
}

function update() {
  const wanted = state.filter.trim().toLocaleLowerCase();
  const order = orders[state.sort];
  shown = entries.filter(entry => !wanted || entry.name.toLocaleLowerCase().includes(wanted));
  shown.sort((a, b) => b.isFolder - a.isFolder || (state.down ? -1 : 1) * order(a, b) || orders.name(a, b));
  for (const [key, head] of Object.entries(heads)) {
    if (key === state.sort) head.setAttribute('aria-sort', state.down ? 'descending' : 'ascending');
    else head.removeAttribute('aria-sort');
  }
  const bytes = shown.reduce((sum, entry) => sum + (entry.isFolder ? 0 : entry.size), 0);
  const folders = shown.filter(entry => entry.isFolder).length;
  count.textContent = [number(folders, 'folder'), number(shown.length - folders, 'file'), showSize(bytes)].filter(Boolean).join(', ');
  body.replaceChildren(...(location.pathname === '/fs/' || state.filter ? [] : [upRow()]));
  made = 0;
  makeMore();
  if (shown.length === 0) {
    body.append(element('tr', {}, element('td', { colSpan: 4, className: 'empty' }, state.filter ? 'Nothing here has that in its name.' : 'This folder is empty.')));
  }
}

function number(many, what) {
  return many === 0 ? '' : `${many.toLocaleString()} ${what}${many === 1 ? '' : 's'}`;
}

function makeMore() {
  body.append(...shown.slice(made, made + BATCH).map(row));
  made += BATCH;
}

function upRow() {
  return element('tr', {}, element('td', { colSpan: 4, className: 'name' },
    element('div', {}, icon('up'), element('a', { href: '../' }, 'Up'))));
}

function row(entry) {
  const size = entry.size === null ? '' : showSize(entry.size);
  const time = showTime(entry.time);
  const link = element('a', { href: entry.href }, entry.isFolder ? `${entry.name}/` : entry.name);
  if (canPreview(entry)) {
    link.addEventListener('click', event => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      preview(entry, shown.filter(canPreview));
    });
  }
  const facts = [size, time, entry.others ? `${entry.node} +${entry.others}` : entry.node].filter(Boolean).join(' · ');
  const node = element('td', { className: 'node' }, entry.node);
  if (entry.others) {
    node.append(element('span', { className: 'badge', title: `${number(entry.others, 'other node')} ${entry.others === 1 ? 'has' : 'have'} it too` }, `+${entry.others}`));
  }
  return element('tr', {},
    element('td', { className: 'name' },
      element('div', {}, icon(entry.isFolder ? 'folder' : kindOf(entry.name)), element('span', {}, link, element('span', { className: 'facts' }, facts)))),
    element('td', { className: 'size', title: entry.size === null ? '' : `${entry.size.toLocaleString()} bytes` }, size),
    element('td', { className: 'time' }, time),
    node);
}

async function showReadme() {
  const file = ['readme.md', 'readme.markdown', 'readme.txt', 'readme']
    .map(name => entries.find(entry => !entry.isFolder && entry.name.toLowerCase() === name))
    .find(Boolean);
  if (!file || file.size > MAX_README) return;
  const answer = await fetch(`${file.href}?format=txt`);
  if (!answer.ok) return;
  const text = await answer.text();
  const isMarkdown = /\.(md|markdown)$/i.test(file.name);
  document.body.append(element('section', { className: 'readme' },
    element('p', { className: 'soft' }, file.name),
    isMarkdown ? markdown(text) : element('div', { className: 'plain' }, text)));
}
