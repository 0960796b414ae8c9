/* The library under its old names, for components that are not modules yet. */
import * as asking from './asking.js';
import * as blindness from './blindness.js';
import * as bus from './bus.js';
import * as canvas from './canvas.js';
import * as codec from './codec.js';
import * as format from './format.js';
import * as forms from './forms.js';
import * as live from './live.js';
import * as origin from './origin.js';
import * as theme from './theme.js';

window.playground = {...window.playground, ...bus, ...live, ...theme, ...codec, ...canvas, ...format, ...blindness};
window.playgroundAsking = {...asking, tell: bus.tell, hear: bus.hear, told: bus.told, ...canvas, ...theme, digits: format.digits};
window.playgroundOrigin = origin;
window.playgroundForms = forms;
export {plotly} from './plotly.js';
