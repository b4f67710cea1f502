// Describes missing and unconfirmed nodes in words.

import { element } from './dom.js';
import { showExactTime, showTime } from './facts.js';

/** Reads "name;since=1477224426;unconfirmed;path=/a%20b, …", names and paths percent-encoded; "joining" or "left" may stand for "unconfirmed", or none of them: dead. */
export function missingNodes(header) {
  return header.split(',').map(each => each.trim()).filter(Boolean).map(each => {
    const [name, ...parameters] = each.split(';');
    const since = parameters.map(parameter => /^since=(\d+)$/.exec(parameter.trim())).find(Boolean);
    const has = word => parameters.some(parameter => parameter.trim() === word);
    const path = parameters.map(parameter => /^path=(.+)$/.exec(parameter.trim())).find(Boolean);
    return {
      name: decodeURIComponent(name), since: since ? since[1] * 1000 : null, isUnconfirmed: has('unconfirmed'), isJoining: has('joining'), hasLeft: has('left'),
      path: path ? decodeURIComponent(path[1]) : null,
    };
  });
}

/** The notice above a list; null when the list is complete. */
export function missingNotice(nodes) {
  if (nodes.length === 0) return null;
  const places = nodes.filter(node => node.path !== null);
  const [unconfirmed, joining] = [nodes.filter(node => node.isUnconfirmed && node.path === null), nodes.filter(node => node.isJoining)];
  const left = nodes.filter(node => node.hasLeft);
  const dead = nodes.filter(node => !node.isUnconfirmed && !node.isJoining && !node.hasLeft);
  const words = [];
  for (const [gone, one, many] of [[dead, 'is dead', 'are dead'], [left, 'has left', 'have left']]) {
    if (gone.length === 0) continue;
    words.push('This list may be incomplete: ', ...told(gone, 'last seen'),
      gone.length === 1 ? ` ${one}. What only that node holds is not shown. ` : ` ${many}. What only they hold is not shown. `);
  }
  if (joining.length > 0) {
    words.push('This list may be incomplete: ', ...told(joining), joining.length === 1 ? ' is joining. ' : ' are joining. ');
  }
  if (unconfirmed.length > 0) words.push('Not confirmed yet are the files of ', ...told(unconfirmed, 'shown as of'), '. ');
  for (const place of places) words.push(...told([place], 'since'), ` cannot read ${place.path}: its files there are shown as they were. `);
  return element('p', { className: 'notice', role: 'status' }, ...words);
}

function told(nodes, when) {
  return nodes.flatMap((node, index) => [
    index === 0 ? '' : index === nodes.length - 1 ? ' and ' : ', ',
    element('b', {}, node.name),
    node.since === null || !when ? '' : element('span', { title: showExactTime(node.since) }, ` (${when} ${showTime(node.since)})`),
  ]);
}
