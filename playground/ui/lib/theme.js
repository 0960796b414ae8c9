/* Colours of the page: the CSS variables that views/colours.py makes, and word of a change between light and dark. */

/* Nothing is drawn before the style sheet is there: it holds the colours, and the sizes that a drawing is fitted to. */
const sheet = /** @type {HTMLLinkElement | null} */ (document.querySelector('link[href*="/style.css"]'));
if (sheet && !sheet.sheet) await new Promise(done => { sheet.onload = sheet.onerror = done; });

/* Looked up once for each look of the page: a browser works out all its styles anew for the answer, in the middle of a drawing. Sizes may hang on
   the window's. */
const looks = new Map();
addEventListener('resize', () => looks.clear(), {capture: true});
export function cssVar(name) {
  const key = `${document.documentElement.className} ${document.body.className} ${name}`;
  let value = looks.get(key);
  if (value === undefined) looks.set(key, value = getComputedStyle(document.body).getPropertyValue(name).trim());
  return value;
}
export const roleColour = role => cssVar(`--role-${role.replace('_', '-')}`) || cssVar('--body-text-color');
export const classColours = () => Array.from({length: 10}, (_, i) => cssVar(`--class-${i}`));
export const isDark = () => document.body.classList.contains('dark');
/* Pixels of a size of ui/type.css, and what a canvas writes with. */
export const typeSize = (name = 'small') => parseFloat(cssVar(`--type-${name}`));
export const canvasFont = (weight = 'regular') => `${cssVar(`--${weight}`)} ${cssVar('--type-small')} ${cssVar('--face')}`;
/* The same colour, for styles and attributes: it follows the theme by itself. */
export const roleVar = role => `var(--role-${role.replace('_', '-')}, currentColor)`;

const themeListeners = new Set();
export const onTheme = callback => { themeListeners.add(callback); return () => themeListeners.delete(callback); };
let wasDark = null;
const watchTheme = () => {
  wasDark = isDark();
  new MutationObserver(() => {
    if (isDark() === wasDark) return;
    wasDark = isDark();
    requestAnimationFrame(() => themeListeners.forEach(callback => callback(wasDark)));
  }).observe(document.body, {attributes: true, attributeFilter: ['class']});
};
watchTheme();                                                    // modules run once there is a body

/* --- numbers as colours: the stops of views/colours.py, joined */
export const rgb = text => {
  const hex = text.replace('#', '');
  return [0, 2, 4].map(k => parseInt(hex.slice(k, k + 2), 16) || 0);
};
const scaleStops = () => Array.from({length: 6}, (_, i) => cssVar(`--scale-${i}`));
export function scalePalette(n) {
  const stops = scaleStops().map(rgb);
  return Array.from({length: n}, (_, k) => {
    const at = k / (n - 1) * (stops.length - 1), i = Math.min(stops.length - 2, Math.floor(at));
    return stops[i].map((value, c) => Math.round(value + (at - i) * (stops[i + 1][c] - value)));
  });
}
export const scaleGradient = () => `linear-gradient(90deg, ${scaleStops().join(', ')})`;
