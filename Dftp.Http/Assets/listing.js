// Turns a listing in nginx' format into a table: sorting, filtering, live updates, previews and the directory's README.

import { element, icon } from './dom.js';
import { comparable, entriesOf, fetchEntries } from './entries.js';
import { kindOf, showExactSize, showExactTime, showNumber, showSize, showTime } from './facts.js';
import { othersButton } from './holders.js';
import { follow } from './live.js';
import { missingNodes, missingNotice } from './missing.js';
import { legend, nodeDot } from './nodes.js';
import { canPreview, previewOf, setPreviewed } from './preview.js';
import { showReadme } from './readme.js';
import { Rows } from './rows.js';

/** From this number of entries on, names are compared by code unit as on the node, which is faster than a language's order. */
const MANY = 20_000;

const directory = decodeURIComponent(location.pathname.slice('/fs'.length));
const plain = document.querySelector('pre');
const asked = new URLSearchParams(location.search);
const state = { sort: asked.get('sort') ?? 'name', isDown: asked.get('order') === 'desc', filter: '', node: null };

let entries = entriesOf(plain);
let missingHeader = document.querySelector('.notice')?.dataset.missing ?? '';
let missing = missingNodes(missingHeader);
let arranged = [];
let shown = [];

const collator = new Intl.Collator(undefined, { numeric: true });
const byName = (a, b) => entries.length > MANY ? (a.name < b.name ? -1 : 1) : collator.compare(a.name, b.name) || (a.name < b.name ? -1 : 1);
const orders = { name: byName, size: (a, b) => a.size - b.size, time: (a, b) => a.time - b.time, node: (a, b) => collator.compare(a.node, b.node) };

const filter = element('input', { type: 'search', placeholder: 'Filter this directory', ariaLabel: 'Filter this directory', ariaKeyShortcuts: '/', autocomplete: 'off', spellcheck: false });
const count = element('p', { className: 'count soft', role: 'status' });
const nodes = element('ul', { className: 'legend', ariaLabel: 'Nodes' });
const empty = element('p', { className: 'empty' });
const heads = Object.fromEntries([['name', 'Name'], ['size', 'Size'], ['time', 'Modified'], ['node', 'Node']].map(([key, text]) =>
  [key, element('th', { className: key, scope: 'col' }, element('button', { type: 'button', onclick: () => sortBy(key) }, text))]));
const table = element('table', { className: 'list' },
  element('caption', { className: 'unseen' }, `What is in ${directory}`),
  element('colgroup', {}, ...Object.keys(heads).map(name => element('col', { className: name }))),
  element('thead', {}, element('tr', {}, ...Object.values(heads))));
const rows = new Rows(table, row);
const readme = element('section', { className: 'readme', hidden: true, ariaLabel: 'README' });
let notice = element('p', { hidden: true });

function takeOver() {
  const search = document.querySelector('form.search');
  const main = element('main', {}, heading(), notice,
    element('div', { className: 'bar' }, filter, count, downloads()), nodes, table, empty, readme);
  document.querySelectorAll('form.plain, hr, pre, h1, .notice').forEach(each => each.remove());
  document.body.append(element('header', { className: 'top' },
    element('a', { className: 'brand', href: '/', title: 'This node and its cluster' }, 'dftp'), search), main);
  document.documentElement.classList.remove('takes-over');

  filter.addEventListener('input', () => { state.filter = filter.value; update(); });
  table.addEventListener('click', onClick);
  document.addEventListener('keydown', onKey);
  arrange();
  tellMissing();
  showReadme(readme, entries);
  follow(directory, refresh);
}

/** Refreshes the entries and keeps sorting, filter and scroll position. */
async function refresh() {
  const now = await fetchEntries();
  const focused = document.activeElement?.closest?.('tr')?.dataset.name;
  const isSame = now.entries.length === entries.length && now.missing === missingHeader
    && now.entries.every((entry, index) => isEqual(entry, entries[index]));
  if (isSame) return;
  entries = now.entries;
  missingHeader = now.missing;
  missing = missingNodes(missingHeader);
  if (!entries.some(entry => entry.node === state.node)) state.node = null;
  const at = scrollY;
  arrange();
  tellMissing();
  scrollTo(0, at);
  if (focused !== undefined) [...table.tBodies[0].rows].find(each => each.dataset.name === focused)?.querySelector('a').focus({ preventScroll: true });
  showReadme(readme, entries);
}

const isEqual = (a, b) => a.name === b.name && a.size === b.size && a.time === b.time && a.node === b.node && a.others === b.others && a.isFolder === b.isFolder;

function tellMissing() {
  const made = missingNotice(missing) ?? element('p', { hidden: true });
  notice.replaceWith(made);
  notice = made;
}

function heading() {
  const crumbs = element('h1', { className: 'crumbs' });
  let path = '/fs/';
  const parts = location.pathname.split('/').slice(2).filter(Boolean);
  crumbs.append(crumb('files', path, parts.length === 0));
  parts.forEach((part, index) => {
    path += `${part}/`;
    crumbs.append(element('i', {}, '/'), crumb(decodeURIComponent(part), path, index === parts.length - 1));
  });
  return element('nav', { ariaLabel: 'Path' }, crumbs);
}

const crumb = (name, href, isHere) => element('a', { href, ariaCurrent: isHere ? 'page' : null }, name);

function downloads() {
  if (entries.length === 0) return null;
  const link = kind => element('a', { href: `?archive=${kind}`, rel: 'nofollow', ariaLabel: `Download this directory as ${kind}` }, kind);
  return element('p', { className: 'downloads soft' }, 'Download all ', link('zip'), link('tar'), link('tar.gz'));
}

/** A plain click on a previewable file opens the preview; the link itself leads to the file. */
function onClick(event) {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const name = event.target.closest('td.name a')?.closest('tr').dataset.name;
  const entry = name === undefined ? undefined : shown.find(each => each.name === name);
  if (!entry || !canPreview(entry)) return;
  event.preventDefault();
  location.hash = previewOf(entry);
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest('dialog, [popover]')) return;
  const isTyping = event.target.closest('input, select, textarea');
  if (event.key === '/' && !isTyping) {
    event.preventDefault();
    filter.focus();
    filter.select();
  } else if (event.key === 'Escape' && event.target === filter) {
    filter.value = state.filter = '';
    update();
  } else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
    const isInList = event.target.closest('.list tbody');
    if (!isInList && event.target !== filter) return;
    if (event.target === filter && event.key === 'ArrowUp') return;
    event.preventDefault();
    if (!rows.step(event.key === 'ArrowDown' ? 1 : -1) && event.key === 'ArrowUp') filter.focus();
  }
}

function sortBy(key) {
  state.isDown = state.sort === key ? !state.isDown : key === 'size' || key === 'time';
  state.sort = key;
  history.replaceState(history.state, '', `${location.pathname}?sort=${key}&order=${state.isDown ? 'desc' : 'asc'}${location.hash}`);
  arrange();
}

/** Sorts all entries; the filter then only selects among them. */
function arrange() {
  const order = orders[state.sort] ?? byName;
  const sign = state.isDown ? -1 : 1;
  arranged = [...entries].sort((a, b) => b.isFolder - a.isFolder || sign * order(a, b) || byName(a, b));
  for (const [key, head] of Object.entries(heads)) {
    if (key === state.sort) head.setAttribute('aria-sort', state.isDown ? 'descending' : 'ascending');
    else head.removeAttribute('aria-sort');
  }
  showLegend();
  update();
}

function showLegend() {
  const hadFocus = nodes.contains(document.activeElement);
  nodes.replaceChildren(...legend(entries, missing, state.node, name => {
    state.node = name;
    showLegend();
    update();
  }));
  if (hadFocus) (nodes.querySelector('[aria-pressed="true"]') ?? nodes.querySelector('button'))?.focus();
}

function update() {
  const wanted = comparable(state.filter.trim());
  shown = arranged.filter(entry => (!wanted || entry.key.includes(wanted)) && (state.node === null || entry.node === state.node));
  rows.show(shown);
  table.hidden = shown.length === 0;
  empty.hidden = shown.length > 0;
  empty.textContent = entries.length > 0 ? 'Nothing here fits the filter.' : missing.length > 0 ? 'No node that is here now has anything in this directory.' : 'This directory is empty.';
  const folders = shown.filter(entry => entry.isFolder).length;
  const bytes = shown.reduce((sum, entry) => sum + entry.size, 0);
  count.textContent = [
    folders === 0 ? '' : showNumber(folders, 'directory', 'directories'),
    shown.length === folders ? '' : showNumber(shown.length - folders, 'file'),
    shown.length === 0 ? '' : showSize(bytes),
  ].filter(Boolean).join(', ');
  count.title = showExactSize(bytes);
  setPreviewed(shown);
}

function row(entry) {
  const link = element('a', { href: entry.href }, ...marked(entry.name), entry.isFolder ? '/' : null);
  const time = () => element('time', { dateTime: new Date(entry.time).toISOString(), title: showExactTime(entry.time) }, showTime(entry.time));
  const size = entry.isFolder && entry.size === 0 ? '' : showSize(entry.size);
  const node = () => [nodeDot(entry.node), element('span', {}, entry.node)];
  const others = () => (entry.others > 0 && !entry.isFolder ? othersButton(entry, directory) : null);
  const made = element('tr', {},
    element('td', { className: 'name' }, element('div', {}, icon(entry.isFolder ? 'folder' : kindOf(entry.name)),
      element('span', { className: 'what' }, link,
        element('span', { className: 'facts' }, ...node(), ...[size, time()].filter(Boolean).flatMap(fact => [' · ', fact]), others())))),
    element('td', { className: 'size', title: showExactSize(entry.size) }, size),
    element('td', { className: 'time' }, time()),
    element('td', { className: 'node' }, element('div', {}, ...node(), others())));
  made.dataset.name = entry.name;
  link.title = entry.name;
  return made;
}

/** The name with the filter's match marked. */
function marked(name) {
  const wanted = comparable(state.filter.trim());
  const text = name.normalize('NFC');
  const at = wanted ? text.toLowerCase().indexOf(wanted) : -1;
  if (at < 0 || text.toLowerCase().length !== text.length) return [name];
  return [text.slice(0, at), element('mark', {}, text.slice(at, at + wanted.length)), text.slice(at + wanted.length)];
}

takeOver();
