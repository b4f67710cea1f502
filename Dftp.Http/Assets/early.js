// Runs before the list is parsed: hides the plain list, which the table replaces, so that the browser does not lay it out.
// If the table does not appear, the plain list is shown after a timeout.

document.documentElement.classList.add('takes-over');
addEventListener('DOMContentLoaded', () => setTimeout(() => document.documentElement.classList.remove('takes-over'), 3000));
