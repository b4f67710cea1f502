// Builds the page. Text is only added as text, so a file's name or content never becomes markup.

/** Creates an element with properties and children; strings become text, null is skipped. */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined) continue;
    if (key in made) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children.filter(child => child !== null && child !== undefined));
  return made;
}

const SHAPES = {
  folder: 'M3.5 7A1.5 1.5 0 0 1 5 5.500h4l2 2.250h8A1.5 1.5 0 0 1 20.5 9.250V17a1.5 1.5 0 0 1-1.5 1.500H5A1.5 1.5 0 0 1 3.5 17z',
  up: 'M12 18.500V6M6.5 11.5 12 6l5.5 5.5',
  file: 'M6.5 3.500h7.500l3.5 3.500v13.500h-11zM14 3.500V7h3.5',
  text: 'M6.5 3.500h7.500l3.5 3.500v13.500h-11zM14 3.500V7h3.500M9.5 11.500h5M9.5 14.250h5M9.5 17h3',
  pdf: 'M6.5 3.500h7.500l3.5 3.500v13.500h-11zM14 3.500V7h3.500M9.5 11h5v5.500h-5z',
  image: 'M4 5.500h16v13H4zM4 16l4.5-4.5 4 4 2.5-2.5 5 4.500M15.5 9.250h.01',
  video: 'M4 5.500h16v13H4zM10 9v6l5-3z',
  audio: 'M9 17.500V6.500l9.5-2v11M9 17.500a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0zM18.5 15.500a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0z',
  archive: 'M5 4h14v16H5zM12 4v2M12 8v2M12 12v2M10.5 16h3v2h-3z',
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
