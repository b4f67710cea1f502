// Keeps the list current: refreshes it after server-sent events about changes below this directory.

const EVENTS = ['created', 'changed', 'deleted', 'node-joined', 'node-left', 'reset'];

/** Changes come in bursts: a refresh waits for the end of a burst, up to a maximum. */
const QUIET = 250, LONGEST_WAIT = 2000;

/** Refreshes take at most a tenth of the time, so that a large directory is not fetched continuously. */
const REST = 10;

/**
 * Calls back after changes, and when the page becomes visible again. A hidden page holds no connection: a browser has
 * six of them per host. A node without events is only asked when the page becomes visible.
 */
export function follow(directory, refresh) {
  let source = null;
  let timer = 0;
  let firstWish = 0;
  let restUntil = 0;
  let isRefreshing = false;
  let isWanted = false;

  const wish = () => {
    const now = performance.now();
    if (!timer) firstWish = now;
    clearTimeout(timer);
    timer = setTimeout(run, Math.max(Math.min(QUIET, firstWish + LONGEST_WAIT - now), restUntil - now, 0));
  };

  const run = async () => {
    timer = 0;
    if (document.hidden) return;
    if (isRefreshing) {
      isWanted = true;
      return;
    }
    isRefreshing = true;
    const began = performance.now();
    try {
      await refresh();
    } catch {
      // The node is unreachable, or the directory is gone: the shown list stays until the next event.
    }
    isRefreshing = false;
    restUntil = performance.now() + REST * (performance.now() - began);
    if (isWanted) wish();
    isWanted = false;
  };

  const open = () => {
    if (source || document.hidden) return;
    source = new EventSource(`/events/?under=${encodeURIComponent(directory)}`);
    for (const name of EVENTS) source.addEventListener(name, wish);
    // Events may have been lost while the connection was interrupted.
    let wasOpen = false;
    source.addEventListener('open', () => {
      if (wasOpen) wish();
      wasOpen = true;
    });
  };

  const close = () => {
    source?.close();
    source = null;
  };

  const changeSides = () => {
    if (document.hidden) return close();
    open();
    wish();
  };

  document.addEventListener('visibilitychange', changeSides);
  addEventListener('pagehide', close);
  addEventListener('pageshow', event => { if (event.persisted) changeSides(); });
  open();
}
