// Building the page. Text only ever becomes text: nothing here can make markup of a file's name or content.

/** An element with properties and children; strings become text. */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key in made) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

const SHAPES = {
  folder: 'M3 6.5A1.5 1.5 0 0 1 4.5 5H9l2 2.5h8.5A1.5 1.5 0 0 1 21 9v8.5a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 17.5z',
  up: 'M12 19V6M6 12l6-6 6 6',
  file: 'M6 3h8l4 4v14H6zM14 3v4h4',
  text: 'M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 15h6M9 18h4',
  image: 'M4 5h16v14H4zM4 16l4.5-4.5 4 4L15 13l5 5M15.5 9.5h.01',
  video: 'M4 5h16v14H4zM10 9v6l5-3z',
  audio: 'M9 18V6l10-2v12M9 18a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0zM19 16a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0z',
  archive: 'M5 4h14v16H5zM12 4v2M12 8v2M12 12v2M10.500 16.500h3v2h-3z',
};

export function icon(kind) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('class', `icon ${kind}`);
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', SHAPES[kind] ?? SHAPES.file);
  svg.append(path);
  return svg;
}

const KINDS = {
  image: 'apng avif bmp gif ico jpeg jpg jxl png svg webp',
  video: 'm4v mkv mov mp4 ogv webm',
  audio: 'aac flac m4a m4b mp3 oga ogg opus wav',
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
  for (; bytes >= 1024 && unit < UNITS.length - 1; unit++) bytes /= 1024;
  return `${bytes.toFixed(unit === 0 || bytes >= 100 ? 0 : 1)} ${UNITS[unit]}`;
}

const TIME = new Intl.DateTimeFormat(undefined, { year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' });

export const showTime = time => TIME.format(time);
