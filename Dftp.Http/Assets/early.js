// Before the list comes: hides its plain form, which the browser would lay out in vain, as the table takes its place at the end.
// Should the table not come, the plain form is shown after all.

document.documentElement.classList.add('takes-over');
addEventListener('DOMContentLoaded', () => setTimeout(() => document.documentElement.classList.remove('takes-over'), 3000));
