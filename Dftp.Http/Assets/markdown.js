// The everyday part of Markdown, as elements. Markup in the text stays text, and a link leads to the web or into the tree.

import { element } from './dom.js';

export function markdown(text) {
  const made = element('div');
  const lines = text.replace(/\r\n?/g, '\n').split('\n');
  for (let at = 0; at < lines.length;) at = block(made, lines, at);
  return made;
}

const HEADING = /^(#{1,6})\s+(.*?)\s*#*$/;
const FENCE = /^\s*(```+|~~~+)/;
const ITEM = /^\s*(?:[-*+]|(\d+)[.)])\s+(.*)$/;
const QUOTE = /^>\s?(.*)$/;
const RULE = /^\s*([-*_])(\s*\1){2,}\s*$/;
const INDENTED = /^ {4}(.*)$/;

/** Adds the block that begins at a line. Returns the line after it. */
function block(to, lines, at) {
  const line = lines[at];
  if (line.trim() === '') return at + 1;

  const fence = FENCE.exec(line);
  if (fence) {
    let end = at + 1;
    while (end < lines.length && !lines[end].trim().startsWith(fence[1])) end++;
    to.append(element('pre', {}, element('code', {}, lines.slice(at + 1, end).join('\n'))));
    return end + 1;
  }

  const heading = HEADING.exec(line);
  if (heading) {
    to.append(element(`h${heading[1].length}`, {}, ...inline(heading[2])));
    return at + 1;
  }

  if (RULE.test(line)) {
    to.append(element('hr'));
    return at + 1;
  }

  if (QUOTE.test(line)) {
    const end = endOf(lines, at, each => QUOTE.test(each));
    to.append(element('blockquote', {}, markdown(lines.slice(at, end).map(each => QUOTE.exec(each)[1]).join('\n'))));
    return end;
  }

  if (ITEM.test(line)) return list(to, lines, at);

  if (INDENTED.test(line)) {
    const end = endOf(lines, at, each => INDENTED.test(each));
    to.append(element('pre', {}, element('code', {}, lines.slice(at, end).map(each => INDENTED.exec(each)[1]).join('\n'))));
    return end;
  }

  const end = endOf(lines, at, each => each.trim() !== '' && ![HEADING, FENCE, ITEM, QUOTE, RULE].some(other => other.test(each)));
  to.append(element('p', {}, ...inline(lines.slice(at, Math.max(end, at + 1)).join('\n'))));
  return Math.max(end, at + 1);
}

function list(to, lines, at) {
  const made = element(ITEM.exec(lines[at])[1] ? 'ol' : 'ul');
  const end = endOf(lines, at, each => each.trim() !== '' && (ITEM.test(each) || /^\s/.test(each)));
  const items = [];
  for (const each of lines.slice(at, end)) {
    const item = ITEM.exec(each);
    if (item) items.push(item[2]);
    else items[items.length - 1] += `\n${each.trim()}`;
  }
  made.append(...items.map(item => element('li', {}, ...inline(item))));
  to.append(made);
  return end;
}

function endOf(lines, at, belongs) {
  while (at < lines.length && belongs(lines[at])) at++;
  return at;
}

const INLINE = /(`+)([^]+?)\1|!?\[([^\]\n]*)\]\(((?:[^()\s]|\([^()\s]*\))+)(?:\s+"[^"]*")?\)|\*\*([^*\n]+)\*\*|__([^_\n]+)__|\*([^*\n]+)\*|<(https?:\/\/[^\s<>]+)>/;

function inline(text) {
  const made = [];
  for (let match; (match = INLINE.exec(text)); text = text.slice(match.index + match[0].length)) {
    if (match.index > 0) made.push(text.slice(0, match.index));
    made.push(span(match));
  }
  if (text) made.push(text);
  return made;
}

function span([whole, ticks, code, linked, target, strong, strong2, emphasis, bare]) {
  if (ticks) return element('code', {}, code.trim());
  if (target) return link(linked || target, target);
  if (bare) return link(bare, bare);
  if (strong || strong2) return element('strong', {}, ...inline(strong ?? strong2));
  if (emphasis) return element('em', {}, ...inline(emphasis));
  return whole;
}

/** Only schemes that cannot run anything; anything else is shown as it was written. */
function link(text, target) {
  let url;
  try {
    url = new URL(target, location.href);
  } catch {
    return text;
  }
  if (!['http:', 'https:', 'mailto:'].includes(url.protocol)) return text;
  return element('a', { href: url.href, rel: 'noopener noreferrer' }, text);
}
