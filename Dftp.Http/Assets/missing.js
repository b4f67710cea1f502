// Describes missing and unconfirmed nodes in words.

import { element } from './dom.js';
import { showExactTime, showTime } from './facts.js';

/** Reads "name;since=1477224426;unconfirmed;path=/a%20b, …", names and paths percent-encoded; "joining" may stand for "unconfirmed", or neither. */
export function missingNodes(header) {
  return header.split(',').map(each => each.trim()).filter(Boolean).map(each => {
    const [name, ...parameters] = each.split(';');
    const since = parameters.map(parameter => /^since=(\d+)$/.exec(parameter.trim())).find(Boolean);
    const has = word => parameters.some(parameter => parameter.trim() === word);
    const path = parameters.map(parameter => /^path=(.+)$/.exec(parameter.trim())).find(Boolean);
    return {
      name: decodeURIComponent(name), since: since ? since[1] * 1000 : null, isUnconfirmed: has('unconfirmed'), isJoining: has('joining'),
      path: path ? decodeURIComponent(path[1]) : null,
    };
  });
}

/** The notice above a list; null when the list is complete. */
export function missingNotice(nodes) {
  if (nodes.length === 0) return null;
  const places = nodes.filter(node => node.path !== null);
  const [unconfirmed, joining] = [nodes.filter(node => node.isUnconfirmed && node.path === null), nodes.filter(node => node.isJoining)];
  const away = nodes.filter(node => !node.isUnconfirmed && !node.isJoining);
  const words = [];
  if (away.length > 0) {
    words.push('This list may be incomplete: ', ...told(away, 'last seen'),
      away.length === 1 ? ' is away. What only that node holds is not shown. ' : ' are away. What only they hold is not shown. ');
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
