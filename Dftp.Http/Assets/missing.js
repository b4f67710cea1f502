// Which nodes are away, in words.

import { element } from './dom.js';
import { showExactTime, showTime } from './facts.js';

/** Reads "name;since=1477224426, …", names percent-encoded. */
export function missingNodes(header) {
  return header.split(',').map(each => each.trim()).filter(Boolean).map(each => {
    const [name, ...parameters] = each.split(';');
    const since = parameters.map(parameter => /^since=(\d+)$/.exec(parameter.trim())).find(Boolean);
    return { name: decodeURIComponent(name), since: since ? since[1] * 1000 : null };
  });
}

/** The notice above a list, null when nobody is away. */
export function missingNotice(nodes) {
  if (nodes.length === 0) return null;
  const told = nodes.flatMap((node, index) => [
    index === 0 ? '' : index === nodes.length - 1 ? ' and ' : ', ',
    element('b', {}, node.name),
    node.since === null ? '' : element('span', { title: showExactTime(node.since) }, ` (last seen ${showTime(node.since)})`),
  ]);
  return element('p', { className: 'notice', role: 'status' },
    'This list may be incomplete: ', ...told, nodes.length === 1 ? ' is away. What only that node holds is not shown.' : ' are away. What only they hold is not shown.');
}
