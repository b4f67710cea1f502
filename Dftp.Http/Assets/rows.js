// The rows of the table. A short list is rendered completely, so that the browser's search finds everything. For a long one only the rows near
// the visible part are rendered, all of the same height, and the rest is empty space.

import { element } from './dom.js';

const LONG = 1000;
const MARGIN = 20;

export class Rows {
  #table;
  #body = element('tbody');
  #above = element('tr', { className: 'space', ariaHidden: 'true' }, element('td', { colSpan: 4 }));
  #below = element('tr', { className: 'space', ariaHidden: 'true' }, element('td', { colSpan: 4 }));
  #make;
  #entries = [];
  #made = new Map();
  #height = 0;
  #frame = 0;

  constructor(table, make) {
    this.#table = table;
    this.#make = make;
    table.append(this.#body);
    addEventListener('scroll', () => this.#soon(), { passive: true });
    addEventListener('resize', () => { this.#height = 0; this.#soon(); });
  }

  get #isLong() {
    return this.#entries.length > LONG;
  }

  /** Sets the entries and their order. */
  show(entries) {
    this.#entries = entries;
    this.#made.clear();
    this.#table.classList.toggle('long', this.#isLong);
    if (this.#isLong) {
      this.#table.setAttribute('aria-rowcount', entries.length + 1);
      this.#body.replaceChildren(this.#above, this.#below);
      this.#window();
    } else {
      this.#table.removeAttribute('aria-rowcount');
      this.#body.replaceChildren(...entries.map(this.#make));
    }
  }

  /** Moves the focus by some rows, or to the first one. */
  step(by) {
    const rows = [...this.#body.rows].filter(row => !row.classList.contains('space'));
    const at = rows.findIndex(row => row.contains(document.activeElement));
    const next = rows[at < 0 ? 0 : at + by];
    if (!next) return false;
    next.querySelector('a').focus();
    next.scrollIntoView({ block: 'nearest' });
    return true;
  }

  #soon() {
    if (!this.#isLong || this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      // The list may be short now.
      if (this.#isLong) this.#window();
    });
  }

  #window() {
    if (!this.#height) {
      const sample = this.#make(this.#entries[0]);
      this.#body.append(sample);
      this.#height = sample.getBoundingClientRect().height;
      sample.remove();
    }
    const top = -this.#body.getBoundingClientRect().top;
    const last = this.#entries.length;
    const from = Math.max(0, Math.min(Math.floor(top / this.#height) - MARGIN, last - 1));
    const to = Math.min(last, Math.ceil((top + innerHeight) / this.#height) + MARGIN, from + 500);
    for (const [index, row] of this.#made) {
      if (index >= from && index < to) continue;
      row.remove();
      this.#made.delete(index);
    }
    let after = this.#above;
    for (let index = from; index < to; index++) {
      let row = this.#made.get(index);
      if (!row) {
        row = this.#make(this.#entries[index]);
        row.setAttribute('aria-rowindex', index + 2);
        this.#made.set(index, row);
        after.after(row);
      }
      after = row;
    }
    this.#above.firstChild.style.height = `${from * this.#height}px`;
    this.#below.firstChild.style.height = `${Math.max(0, last - to) * this.#height}px`;
  }
}
