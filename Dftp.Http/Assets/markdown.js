// Renders the common part of Markdown as elements. HTML in the text stays text; links lead to the web or into the tree; images come
// only from this node.

import { element } from './dom.js';

/** The page's own heading is the first level. */
const LEVEL_SHIFT = 1;

/** Deeper quotes and lists are shown as source text. */
const MAX_DEPTH = 12;

export function markdown(text, depth = 0) {
  const made = element('div');
  if (depth > MAX_DEPTH) {
    made.append(text);
    return made;
  }
  const lines = text.replace(/\r\n?/g, '\n').replaceAll('\t', '    ').split('\n');
  for (let at = 0; at < lines.length;) at = block(made, lines, at, depth);
  return made;
}

// Each must run in time linear in the line: anybody may write a README.
const HEADING = /^ {0,3}(#{1,6})(?: +(.*))?$/;
const FENCE = /^ {0,3}(```+|~~~+)/;
const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])( +)(.*)$/;
const QUOTE = /^ {0,3}>\s?(.*)$/;
const RULE = /^ {0,3}([-*_])( *\1){2,} *$/;
const INDENTED = /^ {4}(.*)$/;
const UNDERLINE = /^ {0,3}(=+|-+) *$/;
const DIVIDER = /^ {0,3}\|?( *:?-+:? *\|)+( *:?-+:? *)?$/;
const COMMENT = /^ {0,3}<!--/;

const isBlank = line => line.trim() === '';
const startsBlock = line => [HEADING, FENCE, ITEM, QUOTE, RULE].some(start => start.test(line));

/** The text of a heading without the marks that may close it, as in "Title ##". */
function withoutClosingMarks(text) {
  const title = text.trimEnd();
  let end = title.length;
  while (end > 0 && title[end - 1] === '#') end--;
  return end === 0 || title[end - 1] === ' ' ? title.slice(0, end).trimEnd() : title;
}

/** Adds the block that begins at a line. Returns the line after it. */
function block(to, lines, at, depth) {
  const line = lines[at];
  if (isBlank(line)) return at + 1;
  if (FENCE.test(line)) return fence(to, lines, at);

  const heading = HEADING.exec(line);
  if (heading) {
    to.append(headingOf(heading[1].length, withoutClosingMarks(heading[2] ?? '')));
    return at + 1;
  }
  if (RULE.test(line)) {
    to.append(element('hr'));
    return at + 1;
  }
  if (COMMENT.test(line)) {
    const end = endOf(lines, at, each => !each.includes('-->'));
    return end + 1;
  }
  if (QUOTE.test(line)) {
    const end = endOf(lines, at, each => QUOTE.test(each));
    to.append(element('blockquote', {}, ...markdown(lines.slice(at, end).map(each => QUOTE.exec(each)[1]).join('\n'), depth + 1).childNodes));
    return end;
  }
  if (ITEM.test(line)) return list(to, lines, at, depth);
  if (INDENTED.test(line)) {
    const end = endOf(lines, at, each => INDENTED.test(each) || isBlank(each));
    to.append(element('pre', {}, element('code', {}, lines.slice(at, end).map(each => each.slice(4)).join('\n').trimEnd())));
    return end;
  }
  if (line.includes('|') && DIVIDER.test(lines[at + 1] ?? '')) return table(to, lines, at);
  return paragraph(to, lines, at);
}

function paragraph(to, lines, at) {
  let end = at + 1;
  while (end < lines.length && !isBlank(lines[end]) && !UNDERLINE.test(lines[end]) && !startsBlock(lines[end])) end++;
  const text = lines.slice(at, end).map(each => each.trimStart()).join('\n');
  const under = UNDERLINE.exec(lines[end] ?? '');
  to.append(under ? headingOf(under[1][0] === '=' ? 1 : 2, text) : element('p', {}, ...inline(text)));
  return under ? end + 1 : end;
}

const headingOf = (level, text) => element(`h${Math.min(level + LEVEL_SHIFT, 6)}`, { className: `level${level}` }, ...inline(text));

function fence(to, lines, at) {
  const mark = FENCE.exec(lines[at])[1];
  const end = endOf(lines, at + 1, each => !each.trim().startsWith(mark));
  to.append(element('pre', { tabIndex: 0 }, element('code', {}, lines.slice(at + 1, end).join('\n'))));
  return end + 1;
}

/** An item continues while lines are indented to its text, and contains blocks. */
function list(to, lines, at, depth) {
  const isOrdered = /\d/.test(ITEM.exec(lines[at])[2]);
  const made = element(isOrdered ? 'ol' : 'ul', isOrdered ? { start: parseInt(ITEM.exec(lines[at])[2], 10) } : {});
  while (at < lines.length) {
    const item = ITEM.exec(lines[at]);
    if (!item || /\d/.test(item[2]) !== isOrdered || RULE.test(lines[at])) break;
    const indent = item[1].length + item[2].length + Math.min(item[3].length, 4);
    const end = endOf(lines, at + 1, (each, index) => (isBlank(each)
      ? isIndented(lines[index + 1], indent)
      : isIndented(each, indent) || isIndented(each, 2) || (!isBlank(lines[index - 1]) && !startsBlock(each))));
    const text = [item[4], ...lines.slice(at + 1, end).map(each => each.slice(Math.min(indent, each.length - each.trimStart().length)))].join('\n');
    made.append(itemOf(text, depth));
    at = end;
    const next = endOf(lines, at, isBlank);
    if (next > at && ITEM.test(lines[next] ?? '')) at = next;
  }
  to.append(made);
  return at;
}

const isIndented = (line, by) => line !== undefined && !isBlank(line) && line.length - line.trimStart().length >= by;

function itemOf(text, depth) {
  const task = /^\[([ xX])\] +/.exec(text);
  const parts = [...markdown(task ? text.slice(task[0].length) : text, depth + 1).childNodes];
  const shown = parts[0]?.nodeName === 'P' ? [...parts[0].childNodes, ...parts.slice(1)] : parts;
  if (!task) return element('li', {}, ...shown);
  return element('li', { className: 'task' }, element('input', { type: 'checkbox', disabled: true, checked: task[1] !== ' ', ariaLabel: 'done' }), ...shown);
}

/** The maximum of columns: every row gets all columns, so a few bytes could otherwise create very many cells. */
const MAX_COLUMNS = 100;
const MAX_CELLS = 20_000;

function table(to, lines, at) {
  const aligned = cells(lines[at + 1]).slice(0, MAX_COLUMNS).map(cell => (cell.endsWith(':') ? (cell.startsWith(':') ? 'center' : 'right') : ''));
  const last = at + 2 + Math.floor(MAX_CELLS / aligned.length);
  const end = endOf(lines, at + 2, (each, line) => line < last && !isBlank(each) && each.includes('|'));
  const row = (line, name) => {
    const texts = cells(line);
    return element('tr', {}, ...aligned.map((side, index) => element(name, { className: side }, ...inline(texts[index] ?? ''))));
  };
  to.append(element('table', {}, element('thead', {}, row(lines[at], 'th')), element('tbody', {}, ...lines.slice(at + 2, end).map(line => row(line, 'td')))));
  return end;
}

const cells = line => line.trim().replace(/^\||(?<!\\)\|$/g, '').split(/(?<!\\)\|/).map(cell => cell.trim().replaceAll('\\|', '|'));

function endOf(lines, at, belongs) {
  while (at < lines.length && belongs(lines[at], at)) at++;
  return at;
}

const INLINE = new RegExp([
  /\\([!-/:-@[-`{-~])/, // 1: escaped
  /(?<!`)(`+)(?!`)([^]+?)(?<!`)\2(?!`)/, // 2, 3: code
  /(!?)\[((?:[^[\]]|\[[^[\]]*\])*)\]\(\s*<?((?:[^()\s<>]|\([^()\s]*\))+)>?(?:\s+(?:"[^"]*"|'[^']*'))?\s*\)/, // 4, 5, 6: image or link
  /\*\*(?=\S)([^]+?)(?<=\S)\*\*/, // 7
  /\b__(?=\S)([^]+?)(?<=\S)__\b/, // 8
  /\*(?=\S)([^*]+?)(?<=\S)\*/, // 9
  /\b_(?=\S)([^_]+?)(?<=\S)_\b/, // 10
  /~~(?=\S)([^~]+?)(?<=\S)~~/, // 11
  /<?(https?:\/\/[^\s<>]*[^\s<>.,:;!?'")\]])>?/, // 12: a bare address
  /( {2,}|\\)\n/, // 13: a break
].map(part => part.source).join('|'));

/** Longer text is not searched for inline marks. */
const MAX_INLINE = 5_000;

function inline(text) {
  if (text.length > MAX_INLINE) return [text];
  const made = [];
  for (let match; (match = INLINE.exec(text)); text = text.slice(match.index + match[0].length)) {
    if (match.index > 0) made.push(text.slice(0, match.index));
    made.push(span(match));
  }
  if (text) made.push(text);
  return made;
}

function span([whole, escaped, ticks, code, bang, label, target, strong, strong2, emphasis, emphasis2, struck, bare]) {
  if (escaped) return escaped;
  if (ticks) return element('code', {}, code.trim() || code);
  if (target) return bang ? image(label, target) : link(label ? inline(label) : [target], target, whole);
  if (bare) return link([bare], bare, whole);
  if (strong || strong2) return element('strong', {}, ...inline(strong ?? strong2));
  if (emphasis || emphasis2) return element('em', {}, ...inline(emphasis ?? emphasis2));
  if (struck) return element('del', {}, ...inline(struck));
  return element('br');
}

function urlOf(target) {
  try {
    return new URL(target, location.href);
  } catch {
    return null;
  }
}

/** Only schemes that cannot run code become links; anything else is shown as source text. */
function link(shown, target, whole) {
  const url = urlOf(target);
  if (!url || !['http:', 'https:', 'mailto:'].includes(url.protocol)) return whole;
  return element('a', { href: url.href, rel: 'noopener noreferrer' }, ...shown);
}

function image(label, target) {
  const url = urlOf(target);
  if (url?.origin === location.origin && url.pathname.startsWith('/fs/')) return element('img', { src: url.href, alt: label, loading: 'lazy' });
  return link([label || target], target, label);
}
