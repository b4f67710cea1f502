// Which nodes are away or shown as they were, in words.

import { element } from './dom.js';
import { showExactTime, showTime } from './facts.js';

/** Reads "name;since=1477224426;unconfirmed, …", names percent-encoded; the last part is "joining", "unconfirmed" or absent. */
export function missingNodes(header) {
  return header.split(',').map(each => each.trim()).filter(Boolean).map(each => {
    const [name, ...parameters] = each.split(';');
    const since = parameters.map(parameter => /^since=(\d+)$/.exec(parameter.trim())).find(Boolean);
    const has = word => parameters.some(parameter => parameter.trim() === word);
    return { name: decodeURIComponent(name), since: since ? since[1] * 1000 : null, isUnconfirmed: has('unconfirmed'), isJoining: has('joining') };
  });
}

/** The notice above a list, null when it is whole. */
export function missingNotice(nodes) {
  if (nodes.length === 0) return null;
  const [unconfirmed, joining] = [nodes.filter(node => node.isUnconfirmed), nodes.filter(node => node.isJoining)];
  const away = nodes.filter(node => !node.isUnconfirmed && !node.isJoining);
  const words = [];
  if (away.length > 0) {
    words.push('This list may be incomplete: ', ...told(away, 'last seen'),
      away.length === 1 ? ' is away. What only that node holds is not shown. ' : ' are away. What only they hold is not shown. ');
  }
  if (joining.length > 0) {
    words.push('This list may be incomplete: ', ...told(joining), joining.length === 1 ? ' is joining. ' : ' are joining. ');
  }
  if (unconfirmed.length > 0) words.push('Not confirmed yet are the files of ', ...told(unconfirmed, 'shown as of'), '.');
  return element('p', { className: 'notice', role: 'status' }, ...words);
}

function told(nodes, when) {
  return nodes.flatMap((node, index) => [
    index === 0 ? '' : index === nodes.length - 1 ? ' and ' : ', ',
    element('b', {}, node.name),
    node.since === null || !when ? '' : element('span', { title: showExactTime(node.since) }, ` (${when} ${showTime(node.since)})`),
  ]);
}
