// Shows which nodes hold a file; fetched on demand.

import { element } from './dom.js';
import { showExactSize, showNumber, showTime } from './facts.js';
import { nodeDot } from './nodes.js';

const box = element('div', { className: 'holders', popover: 'auto', role: 'dialog', 'aria-label': 'Holders' });
let opener = null;

/** A button with the number of other holders of an entry; a click lists them. */
export function othersButton(entry, directory) {
  const others = showNumber(entry.others, 'other node');
  return element('button', {
    type: 'button', className: 'others', title: `${others} ${entry.others === 1 ? 'has' : 'have'} it too`,
    'aria-label': `${others} with ${entry.name}: which?`, onclick: event => open(event.currentTarget, entry, directory),
  }, `+${entry.others}`);
}

async function open(button, entry, directory) {
  if (!box.showPopover) return;
  if (!box.isConnected) document.body.append(box);
  opener = button;
  const place = () => {
    const at = button.getBoundingClientRect();
    box.style.top = `${Math.max(8, Math.min(at.bottom + 6, innerHeight - box.offsetHeight - 8))}px`;
    box.style.left = `${Math.max(8, Math.min(at.right - box.offsetWidth, innerWidth - box.offsetWidth - 8))}px`;
  };
  const plain = [node(entry.node, 'owner'), element('p', { className: 'soft' }, `${showNumber(entry.others, 'other node')} ${entry.others === 1 ? 'has' : 'have'} it too.`)];
  box.replaceChildren(...plain);
  box.showPopover();
  place();
  const told = await holdersOf(directory + entry.name);
  if (told.length === 0 || opener !== button) return;
  box.replaceChildren(...told.map(holder => node(holder.name, facts(holder, entry), holder.url)));
  place();
}

// The box does not move with its button, so scrolling closes it.
addEventListener('scroll', () => { if (box.isConnected && box.matches(':popover-open')) box.hidePopover(); }, { passive: true });

function node(name, told, url = null) {
  return element('p', {}, nodeDot(name), element('b', {}, url ? element('a', { href: url, title: `Open the copy of ${name}` }, name) : name), element('span', { className: 'soft' }, told));
}

function facts(holder, entry) {
  const told = [];
  if (holder.name === entry.node) told.push('owner');
  if (holder.isSuspect) told.push('does not answer');
  if (holder.size !== null && !entry.isFolder) told.push(holder.size === entry.size ? 'same size' : showExactSize(holder.size));
  if (holder.time) told.push(showTime(holder.time));
  return told.join(' · ');
}

/** Empty if the node does not answer. */
async function holdersOf(path) {
  try {
    const answer = await fetch(`/holders${path.split('/').map(encodeURIComponent).join('/')}`, { headers: { Accept: 'application/json' } });
    if (!answer.ok) return [];
    const told = await answer.json();
    return told.holders.map(holder => ({
      name: holder.node,
      url: /^https?:\/\//.test(holder.url ?? '') ? holder.url : null,
      isSuspect: holder.state === 'suspect',
      size: holder.size ?? null,
      time: Date.parse(holder.mtime) || null,
    }));
  } catch {
    return [];
  }
}
