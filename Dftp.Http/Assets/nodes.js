// A colour for each node, and the legend with each node's share of the list.

import { element } from './dom.js';
import { showNumber, showSize } from './facts.js';

const COLOURS = 8;
const colours = new Map();

/** A name has the same colour on every page, unless two names on a page collide. */
function colourOf(name) {
  if (!colours.has(name)) {
    let colour = [...name].reduce((sum, each) => (sum * 31 + each.codePointAt(0)) % 65521, 7) % COLOURS;
    const taken = new Set(colours.values());
    for (let tries = 1; taken.has(colour) && tries < COLOURS; tries++) colour = (colour + 1) % COLOURS;
    colours.set(name, colour);
  }
  return colours.get(name);
}

export const nodeDot = name => element('i', { className: `dot c${colourOf(name)}`, ariaHidden: 'true' });

/** The owners of the listed entries as filter buttons, and the missing nodes. */
export function legend(entries, missing, chosen, choose) {
  const nodes = new Map();
  for (const entry of entries) {
    const sum = nodes.get(entry.node) ?? { count: 0, bytes: 0 };
    sum.count++;
    sum.bytes += entry.size;
    nodes.set(entry.node, sum);
  }
  const names = [...nodes.keys()].sort();
  names.forEach(colourOf);
  const chips = names.map(name => {
    const { count, bytes } = nodes.get(name);
    return element('li', {}, element('button', {
      type: 'button', className: 'chip', ariaPressed: String(chosen === name), title: chosen === name ? 'Show all again' : `Show only what ${name} owns`,
      onclick: () => choose(chosen === name ? null : name),
    }, nodeDot(name), element('b', {}, name), element('span', { className: 'soft' }, `${showNumber(count, 'entry', 'entries')}, ${showSize(bytes)}`)));
  });
  const gone = missing.filter(node => node.path === null && !(node.isUnconfirmed && nodes.has(node.name))).map(node => element('li', {}, element('span', { className: 'chip gone' },
    element('i', { className: 'dot gone', ariaHidden: 'true' }), element('b', {}, node.name), element('span', { className: 'soft' }, node.isJoining ? 'joining' : node.isUnconfirmed ? 'not confirmed yet' : node.hasLeft ? 'left' : 'dead'))));
  return [...chips, ...gone];
}
