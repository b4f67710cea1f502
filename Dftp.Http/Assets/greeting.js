// The greeting page's search box.

import { searchIn } from './search.js';

searchIn(document.querySelector('form.search'));
