/* Nodes, made one by one: what a person wrote is never markup. */
/** @returns {HTMLElement} */
export function node(tag, name = '', ...children) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  made.append(...children.filter(child => child != null));
  return made;
}
/* One of several, [title, value] each. */
export function select(options, chosen = '') {
  const made = /** @type {HTMLSelectElement} */ (node('select'));
  made.append(...options.map(([title, value]) => new Option(title, value, false, value === chosen)));
  return made;
}
export function button(text, name, act, more = {}) {
  const made = /** @type {HTMLButtonElement} */ (node('button', name, text));
  made.type = 'button';
  Object.assign(made, more);
  made.addEventListener('click', act);
  return made;
}
