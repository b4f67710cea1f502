// Keeps the list fresh: the node tells by server-sent events that something under this directory changed, and the list is asked for anew.

const EVENTS = ['created', 'changed', 'deleted', 'node-joined', 'node-left', 'reset'];

/** Changes come in crowds: the list waits for the end of one, but not for ever. */
const QUIET = 250, LONGEST_WAIT = 2000;

/** A large directory is not asked for again and again without a rest: at most a tenth of the time. */
const REST = 10;

/**
 * Calls back after changes, and when the page comes to be seen again. While nobody sees the page it holds no connection: a browser has
 * six of them for a host. Where the node has no events, it is asked when the page comes to be seen only.
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
      // The node cannot be reached, or the directory is gone: what is shown stays, until something is heard again.
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
    // A connection that broke and came back may have missed something.
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
