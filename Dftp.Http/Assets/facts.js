// Formats kinds of files, sizes and times for people.

const KINDS = {
  image: 'apng avif bmp gif ico jpeg jpg jxl png svg webp',
  video: 'm4v mkv mov mp4 ogv webm',
  audio: 'aac flac m4a m4b mp3 oga ogg opus wav',
  pdf: 'pdf',
  archive: '7z bz2 deb gz iso jar rar rpm tar tbz2 tgz txz xz zip zst',
  text: 'adoc asc bash bat c cc cfg conf cpp cs csproj css csv cue diff fish fs go gpx h hpp htm html ini ipynb java js json jsonl jsx '
    + 'kt log lua m3u md md5 markdown mjs mk nfo org patch pl properties proto ps1 py rb rs rst sh sha1 sha256 sha512 sln sql srt swift tex '
    + 'tf toml ts tsv tsx txt vtt vue xml xsd xsl yaml yml zsh',
};

const KIND_OF = new Map(Object.entries(KINDS).flatMap(([kind, extensions]) => extensions.split(' ').map(each => [each, kind])));

const TEXT_NAMES = /^(readme|licen[cs]e|copying|authors|changelog|makefile|dockerfile|news|todo)$/i;

export function kindOf(name) {
  const dot = name.lastIndexOf('.');
  if (dot < 0) return TEXT_NAMES.test(name) ? 'text' : 'file';
  return KIND_OF.get(name.slice(dot + 1).toLowerCase()) ?? 'file';
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

export function showSize(bytes) {
  let unit = 0;
  let shown = bytes;
  for (; shown >= 1024 && unit < UNITS.length - 1; unit++) shown /= 1024;
  return `${shown.toFixed(unit === 0 || shown >= 100 ? 0 : 1)} ${UNITS[unit]}`;
}

export const showExactSize = bytes => showNumber(bytes, 'byte');

export const showNumber = (many, one, several = `${one}s`) => `${many.toLocaleString()} ${many === 1 ? one : several}`;

const DATE = new Intl.DateTimeFormat(undefined, { year: 'numeric', month: 'short', day: 'numeric' });
const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short' });
const RELATIVE = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });
const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

/** A recent time as an age, an older one as a date. */
export function showTime(time, now = Date.now()) {
  const ago = now - time;
  if (ago < -MINUTE || ago >= 7 * DAY) return DATE.format(time);
  if (ago < MINUTE) return 'just now';
  if (ago < HOUR) return RELATIVE.format(-Math.floor(ago / MINUTE), 'minute');
  if (ago < DAY) return RELATIVE.format(-Math.floor(ago / HOUR), 'hour');
  return RELATIVE.format(-Math.floor(ago / DAY), 'day');
}

export const showExactTime = time => EXACT.format(time);
