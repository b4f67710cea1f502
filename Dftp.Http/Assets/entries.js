// The entries of this directory: at first from the page's list in nginx' format, later from JSON.

/** @typedef {{ href, isFolder, name, key, time, size, node, others }} Entry  key: the name as the filter compares it; time: milliseconds since 1970 */

const FACTS = /^\s+(\d+)-(\w+)-(\d+) (\d+):(\d+)\s+(-|\d+)\s+(\S+)(?: \+(\d+))?(?:  (\d+) bytes)?/;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Text as the filter compares it: ignores case, and whether an umlaut is one character (Linux) or two (macOS). */
export const comparable = text => text.normalize('NFC').toLowerCase();

/** Parses the lines of the list: a link, then time, size, owner, the number of other holders, and for a directory the bytes below it. */
export function entriesOf(list) {
  const found = [];
  for (let link = list.firstElementChild; link; link = link.nextElementSibling) {
    const href = link.getAttribute('href');
    const facts = href === '../' ? null : FACTS.exec(link.nextSibling?.data ?? '');
    if (!facts) continue;
    const [, day, month, year, hour, minute, size, node, others, below] = facts;
    const isFolder = size === '-';
    found.push(entry(
      decodeURIComponent(isFolder ? href.slice(0, -1) : href), href, isFolder,
      Date.UTC(year, MONTHS.indexOf(month), day, hour, minute), Number(isFolder ? below ?? 0 : size), node, Number(others ?? 0)));
  }
  return found;
}

/** Fetches the current list of the directory. */
export async function fetchEntries() {
  const answer = await fetch('?format=json');
  if (!answer.ok) throw new Error(await answer.text());
  const missing = answer.headers.get('X-Dftp-Missing') ?? '';
  const list = await answer.json();
  const entries = list.map(({ name, type, mtime, size, bytes, owner, holders }) => {
    const isFolder = type === 'directory';
    return entry(name, encodeURIComponent(name) + (isFolder ? '/' : ''), isFolder, Date.parse(mtime), (isFolder ? bytes : size) ?? 0, owner, holders - 1);
  });
  return { entries, missing };
}

function entry(name, href, isFolder, time, size, node, others) {
  return { name, href, isFolder, key: comparable(name), time, size, node, others };
}
